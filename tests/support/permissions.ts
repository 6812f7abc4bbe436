/**
 * What the program is allowed in tests, benchmarks and the smoke test: the net, its own data folder, the few files it
 * reads besides, and nothing else. `deno task start`, `mailden` and `build` in deno.json and .ci/build.ts give the same, with
 * wider paths where the operator chooses them.
 */

/** Environment variables: npm:yaml looks at the first two, `sendmail` takes the sender's name from the others. */
const ALLOWED_ENV = ["LOG_STREAM", "LOG_TOKENS", "LOGNAME", "USER"] as const;

export interface PermissionPaths {
  /** May be read and written. */
  readonly data: readonly string[];
  /** May be read: the configuration, certificates, and the program's own source for its workers. */
  readonly read: readonly string[];
}

/** Flags for `deno run` when the paths are known. */
export function permissionFlags(paths: PermissionPaths): string[] {
  return programFlags({
    read: [...paths.data, ...paths.read, "/etc/resolv.conf"].join(","),
    write: paths.data.join(","),
  });
}

/** Flags for `deno run` and `deno compile`; without a list of paths, whatever the user may open. */
export function programFlags(
  paths: { readonly read?: string | undefined; readonly write?: string | undefined },
): string[] {
  const files = (flag: string, list: string | undefined) => list === undefined ? flag : `${flag}=${list}`;
  return [
    "--no-prompt",
    // V8's young generation would grow to twice this in each thread, for nothing: 1,000 idle connections cost 25 MB more.
    "--v8-flags=--max-semi-space-size=16",
    "--allow-net",
    files("--allow-read", paths.read),
    files("--allow-write", paths.write),
    `--allow-env=${ALLOWED_ENV.join(",")}`,
    // To know our own listeners when a destination resolves to this machine.
    "--allow-sys=networkInterfaces",
  ];
}
