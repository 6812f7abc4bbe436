/** A worker's own end of the line to the main thread: what these workers use of the global scope. */
export interface WorkerPort {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown, transfer?: ArrayBuffer[]): void;
}
