/** What a schema cannot say of the `outbound:` section: relays with half a log-in, files that are not there. */
import { resolve } from "node:path";
import { makeClientTrust } from "../../net/tls/trust.ts";
import type { ConfigProblem } from "./errors.ts";
import type { OutboundContent, RelayContent } from "./outbound.ts";
import type { Path, Places } from "./report.ts";
import { readSecretFile } from "./schema.ts";

export function outboundProblems(outbound: OutboundContent, places: Places, folder: string): ConfigProblem[] {
  const { relay, fallbackRelay, routes, caFile } = outbound;
  const check = (found: RelayContent | null, path: Path) =>
    found === null ? [] : relayProblems(found, { path, places, folder });
  return [
    ...check(relay, ["outbound", "relay"]),
    ...check(fallbackRelay, ["outbound", "fallback_relay"]),
    ...routes.flatMap(({ via }, index) =>
      via === "direct" ? [] : check(via, ["outbound", "routes", index, "via"])
    ),
    ...(caFile === null ? [] : authorityProblems(resolve(folder, caFile), places)),
  ];
}

function relayProblems(
  relay: RelayContent,
  { path, places, folder }: { readonly path: Path; readonly places: Places; readonly folder: string },
): ConfigProblem[] {
  if ((relay.user === null) !== (relay.password_file === null)) {
    const [missing, given] = relay.user === null ? ["user", "password_file"] : ["password_file", "user"];
    return [places.atValue([...path, missing], `Missing, expected a value, because ${given} is set`)];
  }
  if (relay.password_file === null) return [];
  const at = (message: string) => [places.atValue([...path, "password_file"], message)];
  try {
    if (readSecretFile(resolve(folder, relay.password_file)) !== "") return [];
    return at("Found an empty file, expected the relay's password in it");
  } catch (error) {
    return at(`Found a file that cannot be read: ${words(error)}`);
  }
}

function authorityProblems(file: string, places: Places): ConfigProblem[] {
  const at = (message: string) => [places.atValue(["outbound", "ca_file"], message)];
  try {
    makeClientTrust(Deno.readTextFileSync(file));
    return [];
  } catch (error) {
    return at(`Found a file that cannot be used: ${words(error)}`);
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
