import { type AccountInfo, type Directory, makeDirectory } from "../../intake/mod.ts";
import { addressKey, formatAddress } from "../../core/address.ts";
import { matchesPattern } from "../../intake/local_pattern.ts";
import type { Config } from "../config/mod.ts";
import type { Finding } from "./check_files.ts";

/** What is allowed in aliases, forwards and catch-alls, and is hardly what was meant. */
export function directoryFindings({ directory: spec }: Config): Finding[] {
  const directory = makeDirectory(spec);
  const domains = Object.entries(spec.domains);
  const messages = [
    ...directory.accounts().flatMap((account) => forwardProblems(account, directory)),
    ...domains.flatMap(([name, { catchAll, accounts, aliases = {} }]) =>
      typeof catchAll !== "object" || catchAll === null ? [] : catchAll.except
        .flatMap((pattern) => {
          const taken = [...Object.keys(accounts), ...Object.keys(aliases)]
            .find((local) => matchesPattern(pattern.toLowerCase(), local.toLowerCase()));
          return taken === undefined
            ? []
            : `catch_all of ${name}: "${pattern}" fits ${taken}, which gets its mail all the same`;
        })
    ),
  ];
  return messages.map((message) => ({ severity: "warning", message }));
}

function forwardProblems({ name, forward }: AccountInfo, directory: Directory): string[] {
  if (forward === undefined) return [];
  return forward.to.flatMap((to): string[] => {
    const found = directory.resolve(to);
    if (found.kind !== "found" || !found.accounts.includes(name)) {
      return circle(name, found.kind === "found" ? found.accounts : [], directory);
    }
    return [
      `forward of ${name}: ${formatAddress(to)} is ${
        addressKey(to) === name ? "the account itself" : "an alias that leads to it"
      }; take it out and use keep_copy`,
    ];
  });
}

/** Other accounts that it forwards to, and that send it back. */
function circle(name: string, accounts: readonly string[], directory: Directory): string[] {
  return accounts.filter((other) => {
    const back = directory.account(other)?.forward?.to ?? [];
    return back.some((address) => {
      const found = directory.resolve(address);
      return found.kind === "found" && found.accounts.includes(name);
    });
  }).map((other) => `forward of ${name}: ${other} forwards back to it; each gets a letter once`);
}
