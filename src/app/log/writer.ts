/** Takes finished lines; `close` resolves when they are out. */
export interface LineWriter {
  write(line: string): void;
  close(): Promise<void>;
}

export interface ByteSink {
  write(bytes: Uint8Array): Promise<number>;
}

/** How much may wait for a slow reader (a full pipe, a stopped pager) before lines are dropped. */
const MAX_WAITING = 4 * 1024 * 1024;

/**
 * Writes lines in the background, all that wait at a time in one system call, so that no logging ever holds
 * the main thread. When the reader does not keep up, new lines are dropped, and a line says how many as soon as
 * there is room: a stopped log reader must not stop the mail.
 */
export function makeLineWriter(
  sink: ByteSink,
  options: { readonly maxWaiting?: number; readonly droppedLine: (count: number) => string },
): LineWriter {
  const maxWaiting = options.maxWaiting ?? MAX_WAITING;
  const encoder = new TextEncoder();
  let waiting: string[] = [];
  let size = 0;
  let dropped = 0;
  let flushing: Promise<void> | null = null;

  async function flush(): Promise<void> {
    // One turn of the microtask queue gathers the lines of one event.
    await Promise.resolve();
    while (waiting.length > 0) {
      const bytes = encoder.encode(waiting.join("") + (dropped > 0 ? options.droppedLine(dropped) : ""));
      waiting = [];
      size = 0;
      dropped = 0;
      await writeAll(sink, bytes);
    }
    flushing = null;
  }

  return {
    write: (line) => {
      if (size + line.length > maxWaiting) {
        dropped += 1;
        return;
      }
      waiting.push(line);
      size += line.length;
      flushing ??= flush();
    },
    close: async () => {
      await flushing;
    },
  };
}

async function writeAll(sink: ByteSink, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += await sink.write(bytes.subarray(at));
  } catch {
    // The reader is gone (a closed pipe): there is nobody left to tell.
  }
}
