import type { Clock, Random } from "../core/ports.ts";
import type { FactStore } from "../store/mod.ts";

const SECRETS = "secrets";
const FOR_EVER_MS = 100 * 365 * 24 * 60 * 60 * 1000;

/** A secret of this installation, 32 bytes, made when it is first asked for; the database keeps it. */
export async function openSecret(
  facts: FactStore,
  name: string,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Promise<Uint8Array> {
  const known = await facts.get(SECRETS, name);
  if (known !== null) return Uint8Array.from(atob(known.value), (character) => character.charCodeAt(0));
  const secret = random.bytes(32);
  const value = btoa(String.fromCharCode(...secret));
  await facts.put(SECRETS, { key: name, value, expiresAt: clock.now() + FOR_EVER_MS });
  return secret;
}
