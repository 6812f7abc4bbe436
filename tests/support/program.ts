/** A process whose output is collected: JSON lines as log lines, everything as text. */
import { PATIENCE_MS } from "./patience.ts";

export interface ProgramCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface LogLine {
  /** The fixed word of the event. */
  readonly event: string;
  readonly level: string;
  readonly [field: string]: unknown;
}

export class Program {
  readonly #child: Deno.ChildProcess;
  readonly log: LogLine[] = [];
  /** Lines of both streams, in the order in which they came. */
  readonly #lines: string[] = [];
  stdout = "";
  stderr = "";
  readonly exited: Promise<number>;
  #ended = false;
  #watchers: (() => void)[] = [];

  constructor(
    program: ProgramCommand,
    options: { readonly cwd: string; readonly stdin?: string; readonly discard?: boolean },
  ) {
    const output = options.discard ? "null" : "piped";
    this.#child = new Deno.Command(program.command, {
      args: [...program.args],
      cwd: options.cwd,
      env: { NO_COLOR: "1", ...program.env },
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: output,
      stderr: output,
    }).spawn();
    this.exited = this.#run(options.stdin, options.discard ?? false);
  }

  get pid(): number {
    return this.#child.pid;
  }

  get output(): string {
    return this.#lines.join("\n");
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Sends the signal, unless the program has ended, and waits for its end. */
  async kill(signal: Deno.Signal): Promise<number> {
    if (!this.#ended) {
      try {
        this.#child.kill(signal);
      } catch (error) {
        // It ended in this moment.
        if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return await this.exited;
  }

  /** The first line from index `from` on that matches; waits for it if need be. */
  async waitForLog(
    match: (line: LogLine) => boolean,
    options: { readonly from?: number; readonly timeoutMs?: number } = {},
  ): Promise<LogLine> {
    const { from = 0, timeoutMs = PATIENCE_MS } = options;
    const find = () => this.log.slice(from).find(match);
    return find() ?? await new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        this.#watchers = this.#watchers.filter((other) => other !== watch);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`No such log line in ${timeoutMs} ms. The program said:\n${this.output}`));
      }, timeoutMs);
      const watch = () => {
        const line = find();
        if (line === undefined && !this.#ended) return;
        finish();
        if (line !== undefined) resolve(line);
        else reject(new Error(`The program ended before such a log line. It said:\n${this.output}`));
      };
      this.#watchers.push(watch);
    });
  }

  async #run(stdin: string | undefined, discard: boolean): Promise<number> {
    const [status] = await Promise.all([
      this.#child.status,
      discard ? null : this.#collect(this.#child.stdout, (text) => this.stdout += text),
      discard ? null : this.#collect(this.#child.stderr, (text) => this.stderr += text),
      stdin === undefined ? null : this.#feed(stdin),
    ]);
    this.#ended = true;
    this.#notify();
    return status.code;
  }

  async #feed(stdin: string): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    try {
      await writer.write(new TextEncoder().encode(stdin));
      await writer.close();
    } catch {
      // The program ended without reading it.
    }
  }

  async #collect(stream: ReadableStream<Uint8Array>, keep: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stream) {
      const text = decoder.decode(chunk, { stream: true });
      keep(text);
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#line(line);
      this.#notify();
    }
    if (rest !== "") this.#line(rest);
  }

  #line(line: string): void {
    this.#lines.push(line);
    if (!line.startsWith("{")) return;
    try {
      this.log.push(JSON.parse(line));
    } catch {
      // Some other output that happens to begin with a brace.
    }
  }

  #notify(): void {
    for (const watch of [...this.#watchers]) watch();
  }
}
