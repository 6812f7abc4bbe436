/** A connection that loads a server: raw reads into one buffer, no copies, no timers. */

const encoder = new TextEncoder();
const LF = 10;

export class LoadConn {
  readonly #conn: Deno.Conn;
  readonly #buffer = new Uint8Array(64 * 1024);
  #start = 0;
  #end = 0;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async open(hostname: string, port: number): Promise<LoadConn> {
    return LoadConn.accepted(await Deno.connect({ hostname, port }));
  }

  static accepted(conn: Deno.TcpConn): LoadConn {
    // Else the second of two small answers waits for the delayed acknowledgement of the first: 40 ms each time.
    conn.setNoDelay(true);
    return new LoadConn(conn);
  }

  async write(data: string | Uint8Array): Promise<void> {
    let bytes = typeof data === "string" ? encoder.encode(data) : data;
    while (bytes.length > 0) bytes = bytes.subarray(await this.#conn.write(bytes));
  }

  /** The next line with its LF; good until the next call. Null at the end. */
  async line(): Promise<Uint8Array | null> {
    for (let searched = this.#start;;) {
      const lf = this.#buffer.subarray(0, this.#end).indexOf(LF, searched);
      if (lf >= 0) {
        const line = this.#buffer.subarray(this.#start, lf + 1);
        this.#start = lf + 1;
        return line;
      }
      const pending = this.#end - this.#start;
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#start = 0;
      this.#end = pending;
      searched = pending;
      if (pending === this.#buffer.length) throw new Error("A line of more than 64 KiB");
      const read = await this.#conn.read(this.#buffer.subarray(pending));
      if (read === null) return null;
      this.#end += read;
    }
  }

  /** The code of the next SMTP reply, and its last line for the message of an error. */
  async reply(): Promise<number> {
    for (;;) {
      const line = await this.line();
      if (line === null) throw new Error("The server closed the connection");
      if (line[3] === 45) continue;
      return (line[0]! - 48) * 100 + (line[1]! - 48) * 10 + (line[2]! - 48);
    }
  }

  /** Sends a line and waits for this reply code. */
  async expect(line: string, code: number): Promise<void> {
    await this.write(`${line}\r\n`);
    const got = await this.reply();
    if (got !== code) throw new Error(`${line.split(" ")[0]} was answered ${got}, not ${code}`);
  }

  /** Whatever has arrived or arrives next; null at the end. */
  async some(): Promise<Uint8Array | null> {
    if (this.#start < this.#end) {
      const bytes = this.#buffer.subarray(this.#start, this.#end);
      this.#start = this.#end;
      return bytes;
    }
    const read = await this.#conn.read(this.#buffer);
    return read === null ? null : this.#buffer.subarray(0, read);
  }

  close(): void {
    this.#conn.close();
  }
}
