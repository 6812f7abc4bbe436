/**
 * Sessions that ask small things again and again, and note how long each answer takes; a worker, so that nothing else of the bench is
 * in their way. Posted a `ProbeOrder` it logs in and says `ready`; posted "begin" it begins, posted "end" it tells `Delays` and goes on
 * waiting.
 */
import { RawImap, type RawMessage } from "./raw_imap.ts";

export interface ProbeOrder {
  readonly host: string;
  readonly port: number;
  readonly probes: readonly Probe[];
}

export interface Probe {
  readonly name: string;
  readonly user: string;
  readonly password: string;
  /** What it asks; an APPEND of a small message to INBOX when null. */
  readonly command: string | null;
}

/** Milliseconds, in ascending order, by the name of the probe. */
export type Delays = Readonly<Record<string, readonly number[]>>;

const PAUSE_MS = 2;
const SMALL: RawMessage = {
  bytes: new TextEncoder().encode("From: a@foreign.test\r\nSubject: small\r\n\r\nText\r\n"),
};

class Prober {
  readonly #client: RawImap;
  readonly #probe: Probe;
  #isOn = false;
  #ended: Promise<number[]> = Promise.resolve([]);

  private constructor(client: RawImap, probe: Probe) {
    this.#client = client;
    this.#probe = probe;
  }

  static async open({ host, port }: ProbeOrder, probe: Probe): Promise<Prober> {
    const client = await RawImap.open(host, port);
    await client.command(`LOGIN ${probe.user} ${probe.password}`);
    await client.command("SELECT INBOX");
    return new Prober(client, probe);
  }

  get name(): string {
    return this.#probe.name;
  }

  begin(): void {
    this.#isOn = true;
    this.#ended = this.#run();
  }

  async end(): Promise<number[]> {
    this.#isOn = false;
    return (await this.#ended).sort((a, b) => a - b);
  }

  async #run(): Promise<number[]> {
    const delays: number[] = [];
    const { command } = this.#probe;
    while (this.#isOn) {
      const { seconds } = command === null
        ? await this.#client.append("INBOX", [SMALL])
        : await this.#client.command(command);
      delays.push(seconds * 1000);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return delays;
  }
}

let probers: readonly Prober[] = [];

/** A worker's own end of its line; the type of `self` here is a window's. */
const port = self as unknown as {
  onmessage: (event: MessageEvent<ProbeOrder | "begin" | "end">) => void;
  postMessage(message: unknown): void;
};

port.onmessage = async ({ data }) => {
  if (data === "begin") {
    for (const prober of probers) prober.begin();
  } else if (data === "end") {
    const delays = await Promise.all(probers.map(async (prober) => [prober.name, await prober.end()]));
    port.postMessage(Object.fromEntries(delays) as Delays);
  } else {
    probers = await Promise.all(data.probes.map((probe) => Prober.open(data, probe)));
    port.postMessage("ready");
  }
};
