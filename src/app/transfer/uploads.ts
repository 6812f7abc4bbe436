import type { Clock } from "../../core/ports.ts";
import type { BodyStage, BodyStore, StagedBody } from "../../store/mod.ts";

/** More at once nobody needs: each command has one. */
const MOST = 8;
/** After so long without a piece an upload was left behind by a command that was killed. */
const IDLE_MS = 5 * 60_000;

interface Upload {
  readonly stage: BodyStage;
  usedAt: number;
}

/** Large messages that come in pieces. */
export class Uploads {
  readonly #bodies: BodyStore;
  readonly #clock: Clock;
  readonly #open = new Map<string, Upload>();

  constructor(bodies: BodyStore, clock: Clock) {
    this.#bodies = bodies;
    this.#clock = clock;
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const upload = this.#open.get(name) ?? this.#begin(name);
    upload.usedAt = this.#clock.now();
    await upload.stage.write(bytes);
  }

  /** Ends an upload; throws when there is none of that name. */
  take(name: string): StagedBody {
    const upload = this.#open.get(name);
    if (upload === undefined) throw new Error("The upload is not there any more: begin again");
    this.#open.delete(name);
    return upload.stage.seal();
  }

  drop(name: string): void {
    this.#open.get(name)?.stage.discard();
    this.#open.delete(name);
  }

  #begin(name: string): Upload {
    const now = this.#clock.now();
    for (const [other, { usedAt }] of this.#open) {
      if (now - usedAt < IDLE_MS) continue;
      this.drop(other);
    }
    if (this.#open.size >= MOST) {
      throw new Error("Too many messages are being imported at once: try again later");
    }
    const upload = { stage: this.#bodies.stage(), usedAt: now };
    this.#open.set(name, upload);
    return upload;
  }
}
