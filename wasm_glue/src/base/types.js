/** Types of the public interface and of what passes between page and worker. No code. */

/** @typedef {'float32' | 'int8' | 'uint8' | 'int32' | 'int64' | 'bool' | 'int16'} Dtype a bool is a byte, 0 or 1 */

/** @typedef {'scalar' | 'simd128' | 'relaxed'} Variant instruction set of the wasm module */

/** @typedef {Float32Array | Int8Array | Uint8Array | Int16Array | Int32Array | BigInt64Array} TensorData */

/**
 * real = scale * (value - zeroPoint)
 * @typedef {object} Quantization
 * @property {number} scale
 * @property {number} zeroPoint
 */

/** @typedef {import('./spec_types.js').ImageSpec} ImageSpec */
/** @typedef {import('./spec_types.js').AudioSpec} AudioSpec */
/** @typedef {import('./spec_types.js').TextSpec} TextSpec */
/** @typedef {import('./spec_types.js').DetectionSpec} DetectionSpec */
/** @typedef {import('./spec_types.js').AnchorSpec} AnchorSpec */
/** @typedef {import('./spec_types.js').SegmentationSpec} SegmentationSpec */
/** @typedef {import('./spec_types.js').EmbeddingSpec} EmbeddingSpec */

/**
 * @typedef {'image-classification' | 'object-detection' | 'image-segmentation' | 'audio-classification'
 *   | 'text-classification' | 'text-embedding' | 'tensors'} Task
 */

/**
 * @typedef {object} TensorSpec
 * @property {string} name
 * @property {Dtype} dtype
 * @property {readonly number[]} shape row-major; pictures are [1, height, width, channels]
 * @property {Quantization} [quantization]
 * @property {ImageSpec} [image] how a picture becomes this input
 * @property {AudioSpec} [audio] how a sound becomes this input
 * @property {TextSpec} [text] how a text becomes this input
 */

/** @typedef {{ name: string, dtype: Dtype, shape: readonly number[], data: TensorData }} OutputTensor */

/**
 * @typedef {object} PackageFile
 * @property {string} file name in the package's folder
 * @property {number} bytes
 * @property {string} sha256 of the plain file, 64 lower-case hexadecimal digits
 * @property {{ br?: number, gzip?: number }} encodings bytes of `<file>.br` and `<file>.gz`
 */

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {number} release 0 where there is none
 * @property {Task} task
 * @property {{ weights: number, activations: number, staging: number }} memory bytes
 * @property {readonly TensorSpec[]} inputs
 * @property {readonly TensorSpec[]} outputs
 * @property {PackageFile} [labels] one class a line
 * @property {PackageFile} [vocabulary] of the tokenizer
 * @property {DetectionSpec} [detection]
 * @property {SegmentationSpec} [segmentation]
 * @property {EmbeddingSpec} [embedding]
 * @property {readonly PackageFile[]} shards
 */

/**
 * @typedef {object} ModelInfo
 * @property {string} name
 * @property {number} release of `minnow sign --release`; 0 where there is none
 * @property {Task} task
 * @property {readonly TensorSpec[]} inputs
 * @property {readonly TensorSpec[]} outputs
 * @property {readonly string[]} labels one a class; empty where the package has none
 * @property {DetectionSpec} [detection] what the outputs of an object detector mean
 * @property {SegmentationSpec} [segmentation]
 * @property {EmbeddingSpec} [embedding]
 * @property {number} packageBytes decoded bytes of all files
 * @property {boolean} fromCache nothing of the package came from the network
 */

/**
 * Bytes.
 * @typedef {object} MemoryReport
 * @property {number} weights decoded
 * @property {number} activations planned peak of one run
 * @property {number} total the whole wasm memory
 */

/**
 * Milliseconds.
 * @typedef {object} Timing
 * @property {number} loadMs from create() to the ready model
 * @property {number} imageMs of the last picture: decoding, cropping, resizing; 0 before it
 * @property {number} runMs of the last run; 0 before it
 */

/**
 * @typedef {object} Progress
 * @property {'runtime' | 'manifest' | 'download' | 'cache' | 'waiting' | 'prepare'} phase runtime: the wasm module;
 *   download or cache: where the package's files come from; waiting: the device is offline, the download goes on
 *   when it is not
 * @property {number} loaded decoded bytes, never above `total`, never falling
 * @property {number} total 0 until the manifest is known
 * @property {string} [file]
 */

/**
 * A package that is not behind an address.
 * @typedef {object} MemoryPackage
 * @property {object | string} manifest the parsed manifest.json, or its text
 * @property {ReadonlyMap<string, BufferSource> | ((file: string) => Promise<BufferSource>)} shards bytes
 *   of the manifest's plain files (labels included) by name
 * @property {string} [signature] the text of manifest.sig, where a publicKey is given; the manifest is then its text
 */

/** @typedef {string | URL | MemoryPackage} PackageSource a folder's or a manifest.json's address, or bytes */

/**
 * @typedef {object} CachedPackage
 * @property {string} url of its manifest
 * @property {string} name
 * @property {number} bytes
 * @property {number} savedAt milliseconds since 1970
 * @property {number} usedAt the same, of the last use to the hour
 */

/**
 * A package as it is stored: the manifest is written last, so its presence says that the files are in. Plain data, which
 * JSON can hold.
 * @typedef {Omit<CachedPackage, 'usedAt'> & StoredManifest} StoredPackage
 * @typedef {object} StoredManifest
 * @property {number} [usedAt] default: savedAt
 * @property {string} manifest
 * @property {readonly string[]} files SHA-256
 * @property {string} [signature] of the manifest, as in manifest.sig
 * @property {StoredPackage} [previous] the version before it, as long as this one has not run
 * @property {number} [trials] how often this version was loaded meanwhile
 * @property {string} [refused] SHA-256 of the manifest of a newer version that did not work
 */

/**
 * Whose packages are taken, and which of them.
 * @typedef {object} Trust
 * @property {readonly string[]} publicKeys Ed25519, 32 bytes in base64; one of them has to have signed the manifest
 * @property {number} [minRelease]
 * @property {'allow' | 'refuse'} [rollback] of a package that is older than the one on the device
 */

/**
 * The first half of a file that comes slowly, as it was sent and not verified yet: for a later load to go on from.
 * @typedef {object} FileHalf
 * @property {string} name that was asked for, which tells the encoding
 * @property {Uint8Array<ArrayBuffer>} bytes
 */

/**
 * Where packages are kept. Files are keyed by their SHA-256. Every method may fail: the model is then
 * loaded without a cache.
 * @typedef {object} PackageStorage
 * @property {(url: string) => Promise<StoredPackage | undefined>} getPackage
 * @property {(stored: StoredPackage) => Promise<void>} putPackage replaces it, and drops files no package
 *   needs any more
 * @property {(sha256: string) => Promise<boolean>} hasFile
 * @property {(sha256: string) => Promise<ArrayBuffer | undefined>} getFile
 * @property {(sha256: string, bytes: ArrayBuffer) => Promise<void>} putFile and drops the half of it
 * @property {(sha256: string) => Promise<FileHalf | undefined>} [getHalf] with putHalf: else a load that breaks off loses up
 *   to a file, and what came of the next one while that was written
 * @property {(sha256: string, half: FileHalf | undefined) => Promise<void>} [putHalf] undefined: there is none any more
 * @property {() => Promise<CachedPackage[]>} listPackages
 * @property {(url: string) => Promise<boolean>} deletePackage false: it was not there
 */

/**
 * cache: the Cache API; opfs: the origin private file system.
 * @typedef {'indexeddb' | 'cache' | 'opfs' | 'none'} StorageKind
 */

/**
 * @typedef {object} CreateOptions
 * @property {AbortSignal} [signal] ends the loading; create() then rejects with AbortError
 * @property {(progress: Progress) => void} [onProgress]
 * @property {boolean} [worker] false: run in the calling thread. Default: a worker where there are workers
 * @property {string | URL} [workerUrl] default: minnow-worker.js beside this module
 * @property {string | URL | Partial<Record<keyof WasmUrls, string | URL>>} [wasmUrl] the folder of
 *   minnow-<variant>.wasm, or an address for each file. Default: wasm/ beside this module
 * @property {Variant} [variant] default: the fastest one that works here
 * @property {number | 'auto'} [threads] threads a run is shared by, where the page is cross-origin isolated; else
 *   it stays one. 'auto': as many as there are cores, at most 4. The results are the same bits. Default: 1
 * @property {{ maxBytes?: number }} [memory] fail before more than this is taken
 * @property {StorageKind | PackageStorage} [storage] default: indexeddb
 * @property {readonly (string | URL)[]} [mirrors] further addresses of the same package, as `source`: asked in turn where
 *   the one before fails. Each file's hash is checked, wherever it comes from
 * @property {number} [stallMs] an answer that brings nothing for so long is broken off, and asked for again.
 *   Default: 20000
 * @property {string | readonly string[]} [publicKey] take only packages signed with it, or with one of them: the text of
 *   NAME.pub (`minnow keygen`). Default: packages need no signature
 * @property {number} [minRelease] with publicKey: refuse packages of an older release (`minnow sign --release`)
 * @property {'allow' | 'refuse'} [rollback] with publicKey: whether a package may be replaced on this device by one of an
 *   older release. Default: 'allow'
 * @property {'never' | 'background'} [update] a complete cached package is used without asking the server.
 *   'background': afterwards a newer one is fetched for the next create(), unless the connection is to be spared.
 *   Default: 'never'
 * @property {boolean} [persist] ask the browser, after success, to keep this site's storage; Firefox asks
 *   the user then. Default: false
 * @property {typeof fetch} [fetch] in place of the global one; only with `worker: false`
 */

/**
 * One file a variant, the ones for several threads, and the one for sound and text.
 * @typedef {Record<Variant | 'simd128-threads' | 'relaxed-threads' | 'sound-text', string>} WasmUrls
 */

/**
 * What the host needs to load a package; plain data.
 * @typedef {object} LoadRequest
 * @property {string} [manifestUrl]
 * @property {object | string} [manifest] of a MemoryPackage
 * @property {string} [signature] of a MemoryPackage
 * @property {WasmUrls} wasmUrls
 * @property {Variant} [variant]
 * @property {number} threads
 * @property {number} [maxBytes]
 * @property {StorageKind} storage
 * @property {readonly string[]} mirrors addresses of the same manifest
 * @property {number} [stallMs]
 * @property {Trust} [trust]
 */

/**
 * What the host calls while it loads.
 * @typedef {object} LoadHooks
 * @property {(progress: Progress) => void} [onProgress]
 * @property {(file: string) => Promise<BufferSource>} [readFile] of a MemoryPackage
 * @property {PackageStorage} [storage]
 * @property {AbortSignal} [signal]
 * @property {typeof fetch} [fetch]
 * @property {(jobs: HelperJob[]) => void} startHelpers ends those it started before, too
 */

/** @typedef {{ module: WebAssembly.Module, memory: WebAssembly.Memory, thread: number, stackTop: number }} HelperJob of a thread from 1 on */

/**
 * @typedef {object} LoadReport
 * @property {ModelInfo} info
 * @property {Variant} variant
 * @property {number} threads
 * @property {MemoryReport} memory
 * @property {Timing} timing
 * @property {boolean} readsPictures the host's thread has a canvas
 */

/** @typedef {{ memory: MemoryReport, timing: Timing }} RunReport */

/**
 * One operator of a profile; bytes and multiply-adds are of one run.
 * @typedef {object} OperatorProfile
 * @property {string} name as "CONV_2D"
 * @property {readonly number[]} shape of its first output
 * @property {number} ms mean over the runs that are counted
 * @property {number} multiplyAdds of convolutions and products, 0 for other operators
 * @property {number} gmacPerSecond 10⁹ multiply-adds a second; 0 also where the clock saw no time pass
 * @property {number} constantBytes that it reads: weights, biases, tables
 * @property {number} activationBytes that it reads and writes
 */

/**
 * The slowest and the fastest quarter of the runs are not counted.
 * @typedef {object} Profile
 * @property {number} runs
 * @property {number} ms a run: the sum of the operators'
 * @property {readonly OperatorProfile[]} operators in execution order
 */

/** @typedef {{ index: number, score: number }} ClassScore */

/** @typedef {{ index: number, label: string, score: number }} Classification label: '' where there is none */

/** @typedef {{ top?: number, signal?: AbortSignal }} ClassifyOptions top: how many classes; default 5 */

/** @typedef {{ width: number, height: number }} PictureSize pixels */

/** Scores of a window of sound; end: frames of the sound before its end. @typedef {{ end: number, scores: Float32Array }} SoundWindow */

/**
 * One output as it stands in the model.
 * @typedef {object} RawOutput
 * @property {TensorData} data
 * @property {number} scale 0: the values are real; else real = scale * (value - zeroPoint)
 * @property {number} zeroPoint
 */

export {};
