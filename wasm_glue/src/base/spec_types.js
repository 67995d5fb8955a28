/** Types of a manifest's fields about inputs and outputs (docs/FORMAT.md). No code. */

/**
 * How a picture becomes the tensor.
 * @typedef {object} ImageSpec
 * @property {number} width
 * @property {number} height
 * @property {number} channels 3, or 1 for grey
 * @property {number} crop share of the largest rectangle of the tensor's aspect, above 0, at most 1
 * @property {'crop' | 'letterbox' | 'stretch'} [fit] crop (default): its centred crop; letterbox: all of it, with
 *   bars; stretch: all of it, its aspect changed
 * @property {'nhwc' | 'nchw'} [layout] of the tensor; default nhwc
 * @property {'rgb' | 'bgr'} [order] of the channels; default rgb
 * @property {number | readonly number[]} [scale] float32 tensors: 0 … 255 times this, or a number a channel
 * @property {number | readonly number[]} [offset] plus this
 * @property {number} [pad] grey value of the bars, 0 … 255; default 0
 */

/**
 * How a sound becomes the tensor: frames × bins, row-major. The steps are those of mnw_audio_options.
 * @typedef {object} AudioSpec
 * @property {number} sampleRate Hz
 * @property {'waveform' | 'spectrogram' | 'log-mel' | 'mfcc'} features
 * @property {number} frames rows of the tensor; waveform: samples
 * @property {number} [hopSamples] new samples between two windows; default: half the window
 * @property {number} [frameLength] samples
 * @property {number} [frameStep] samples
 * @property {number} [fftLength] a power of two
 * @property {'none' | 'hann' | 'hann-periodic' | 'hamming' | 'hamming-periodic'} [window]
 * @property {boolean} [center]
 * @property {number} [power] 1 magnitude, 2 power
 * @property {number} [melBins]
 * @property {'htk' | 'slaney'} [mel]
 * @property {boolean} [melIsLinear]
 * @property {boolean} [melHasArea]
 * @property {number} [lowerHz]
 * @property {number} [upperHz]
 * @property {'none' | 'ln' | 'log10' | 'db'} [log]
 * @property {number} [logOffset]
 * @property {number} [logFloor]
 * @property {number} [logRange]
 * @property {number} [coefficients]
 * @property {boolean} [dctIsOrtho]
 * @property {'none' | 'standard' | 'peak'} [normalize]
 * @property {boolean} [transposed]
 * @property {number} [gain]
 * @property {number} [scale] of the features
 * @property {number} [offset]
 */

/**
 * How a text becomes the tensor.
 * @typedef {object} TextSpec
 * @property {'wordpiece' | 'bpe' | 'hash'} tokenizer the same for all inputs
 * @property {'ids' | 'mask' | 'types' | 'counts'} role what this input gets
 * @property {number} maxTokens what is longer is cut
 * @property {boolean} lowercase
 * @property {boolean} [stripAccents]
 * @property {number} [cls] token put before the text
 * @property {number} [sep] token put behind it
 * @property {number} [pad] token that fills up; default 0
 * @property {number} [unk] token for what is not in the vocabulary
 * @property {number} [buckets] hash
 * @property {readonly [number, number]} [ngrams] hash: shortest and longest, in bytes
 */

/**
 * What an object detector's outputs mean.
 * @typedef {object} DetectionSpec
 * @property {'tflite-postprocess' | 'boxes-scores' | 'ssd-anchors' | 'yolo'} kind tflite-postprocess: detections that
 *   were chosen already, as [1,n,4], [1,n], [1,n], [1]; boxes-scores: [1,n,4] and [1,n,classes]; ssd-anchors: the
 *   same, boxes relative to anchors; yolo: [1,n,4+classes] or [1,4+classes,n]
 * @property {number} boxes the output's number, as are scores, classes and count
 * @property {number} scores yolo: the same
 * @property {number} [classes]
 * @property {number} [count]
 * @property {number} [backgroundClass] a class that is no object
 * @property {number} [scoreThreshold] default 0.5
 * @property {number} [iouThreshold] boxes of a class that overlap more than this are one object; default 0.45
 * @property {number} [maxDetections] default 100
 * @property {'xyxy' | 'yxyx' | 'cxcywh' | 'cycxhw'} [boxForm] corners, or centre and extents. Default: yxyx for
 *   tflite-postprocess, xyxy for boxes-scores, else cxcywh
 * @property {boolean} [normalized] boxes are in 0 … 1 of the input (default), else in its pixels
 * @property {boolean} [sigmoid] scores are logits
 * @property {boolean} [objectness] yolo: a fifth row, by which the scores are multiplied
 * @property {number} [keypoints] ssd-anchors: points behind each box
 * @property {AnchorSpec} [anchors] ssd-anchors
 */

/**
 * The anchors of an SSD, as MediaPipe's SsdAnchorsCalculator generates them: layers of the same stride share their
 * cells; anchor centres are the cells' centres.
 * @typedef {object} AnchorSpec
 * @property {readonly number[]} strides in pixels of the input, one a layer
 * @property {number} [minScale] of the first layer's anchors, as a share of the input; default 0.2
 * @property {number} [maxScale] of the last layer's; default 0.95
 * @property {readonly number[]} [aspectRatios] width / height; default [1]
 * @property {number} [interpolatedAspectRatio] of one more anchor between two layers' scales; 0: none; default 1
 * @property {boolean} [reduceLowestLayer] the first layer has three anchors only
 * @property {boolean} [fixedSize] all anchors are as large as the input
 * @property {boolean} [exponential] extents are exp(value) times the anchor's, else value times
 * @property {readonly number[]} [boxScale] what raw x, y, width and height are divided by; default [1, 1, 1, 1]
 */

/**
 * @typedef {object} SegmentationSpec
 * @property {number} output the output's number
 * @property {number} classes 1: the output is the foreground's probability
 * @property {boolean} [argmax] the output has class numbers [1,h,w] instead of scores [1,h,w,classes]
 * @property {'nhwc' | 'nchw'} [layout] of scores; default nhwc
 * @property {number} [threshold] classes 1: foreground from here on; default 0.5
 */

/**
 * @typedef {object} EmbeddingSpec
 * @property {number} output the output's number
 * @property {'none' | 'mean' | 'cls'} pooling of [1,tokens,n]: mean of the text's tokens, or the first one
 * @property {boolean} normalize to length 1
 */

export {};
