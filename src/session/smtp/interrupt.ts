/**
 * Lets a session wait for its client or for the server's end, whichever comes first. One listener per session: a signal
 * that thousands of sessions share must not gain and lose one with each command.
 */
export class Interrupt {
  readonly #signal: AbortSignal;
  readonly #listener: () => void;
  #stop: (() => void) | null = null;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#listener = () => this.#stop?.();
    signal.addEventListener("abort", this.#listener);
  }

  /** The result of `work`, or `"stopped"` if the signal aborts before; what comes of `work` is then ignored. */
  race<T>(work: Promise<T>): Promise<T | "stopped"> {
    return new Promise((resolve, reject) => {
      this.#stop = () => resolve("stopped");
      work.then(resolve, reject);
      if (this.#signal.aborted) this.#stop();
    });
  }

  dispose(): void {
    this.#signal.removeEventListener("abort", this.#listener);
    this.#stop = null;
  }
}
