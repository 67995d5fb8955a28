/** The page's side of the delivery tests: every argument and result is JSON. */

/** One create(), and one run of what it gives. */
interface DeliveryRequest {
  url: string;
  options: {
    worker?: boolean;
    workerUrl?: string;
    wasmUrl?: string;
    mirrors?: string[];
    stallMs?: number;
    /** 'object': a MemoryStorage of the page, the same one for every request of this url. */
    storage?: string;
    variant?: string;
  };
  startAfterMs?: number;
  /** An AbortSignal that fires so long after the start. */
  abortAfterMs?: number;
}

/** Either `answer` or `error`. */
interface DeliveryOutcome {
  /** The outputs' bytes in hexadecimal digits, and the labels. */
  answer?: string;
  /** Float outputs of another one differ in their last bits. */
  variant?: string;
  fromCache?: boolean;
  error?: { name: string; code?: string; message: string; isMinnowError: boolean };
}

/** SHA-256 by which files are kept, and whether the bytes agree; files of which there is a half, as hexadecimal digits (none where
 * it was thrown away), by name. */
interface DeliveryRecords {
  files: { sha256: string; isIntact: boolean }[];
  halves: { sha256: string; name: string; digits: string }[];
}

interface DeliveryPage {
  /** Those that this browser runs and the package has. */
  variants(): Promise<string[]>;
  loadAll(requests: DeliveryRequest[]): Promise<DeliveryOutcome[]>;
  /** As loadAll, but returns at once; results() waits for what was begun. */
  begin(requests: DeliveryRequest[]): void;
  results(): Promise<DeliveryOutcome[]>;
  /** Ends all workers, as a browser that is short of memory might. */
  terminateWorkers(): number;
  /** Writes a file again and again; the other ends that, and tells what failed, and how many writes there were after the page came back. */
  keepWriting(): Promise<void>;
  stopWriting(): Promise<{ failures: string[]; writesAfter: number }>;
  /** What the database has, and of halves the page's own storages too; null: it does not answer. */
  records(): Promise<DeliveryRecords | null>;
  clear(): Promise<void>;
}

interface Window {
  delivery: DeliveryPage;
}
