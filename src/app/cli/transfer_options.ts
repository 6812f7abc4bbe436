/** What the commands that bring mail in and out have in common. */
import { makeDirectory } from "../../intake/mod.ts";
import { type Config, loadConfig } from "../config/mod.ts";
import { formatSize } from "../config/mod.ts";
import { locateExistingConfig } from "../config/locate.ts";
import type { ControlHandlers } from "../running.ts";
import { Progress } from "../transfer/mod.ts";
import { parseAccountName, requireAccount } from "./account_name.ts";
import {
  type CommandDeps,
  type CommandInput,
  configOption,
  EXIT_FAILED,
  EXIT_OK,
  textOption,
  UsageError,
} from "./command.ts";
import { withOperations } from "./operations.ts";

export const accountOptions = {
  ...configOption,
  account: { type: "string", value: "ADDRESS", help: "the account, such as alice@example.com" },
} as const;

export interface AccountWork {
  readonly config: Config;
  readonly account: string;
  readonly handlers: ControlHandlers;
}

/** A server hangs up on who says nothing for a minute; to read a large folder may take longer. */
const KEEP_ALIVE_MS = 20_000;

/** Runs `work` for the account that the options name, by the running server or on the database. */
export async function withAccount<T>(
  input: CommandInput,
  deps: CommandDeps,
  work: (work: AccountWork) => Promise<T>,
): Promise<T> {
  if (textOption(input, "account") === undefined) throw new UsageError("Say whose mail: --account ADDRESS");
  const name = parseAccountName(textOption(input, "account"));
  const { path } = await locateExistingConfig(textOption(input, "config"), deps.places);
  const config = await loadConfig(path);
  requireAccount(config, name);
  return await withOperations(config, deps, async ({ handlers, server }) => {
    const timer = setInterval(() => server?.status().catch(() => {}), KEEP_ALIVE_MS);
    try {
      return await work({ config, account: name.name, handlers });
    } finally {
      clearInterval(timer);
    }
  });
}

/** As `withAccount`, with a progress line and its end; the exit code. */
export async function withProgress(
  input: CommandInput,
  deps: CommandDeps,
  run: {
    readonly verb: string;
    readonly work: (work: AccountWork & { readonly progress: Progress }) => Promise<void>;
  },
): Promise<number> {
  const progress = new Progress(deps.terminal, deps.clock);
  return await withAccount(input, deps, async (work) => {
    try {
      await run.work({ ...work, progress });
    } finally {
      progress.finish(run.verb);
    }
    await tellQuota(work, deps);
    return progress.hasProblems ? EXIT_FAILED : EXIT_OK;
  });
}

/** What an administrator brings in is not refused; but if it is more than the account may have, somebody should know. */
export async function tellQuota(
  { config, account, handlers }: AccountWork,
  deps: CommandDeps,
): Promise<void> {
  const info = makeDirectory(config.directory).account(account);
  const { quota = null, quotaMessages = null } = info ?? {};
  if (quota === null && quotaMessages === null) return;
  const row = (await handlers.accounts()).find((one) => one.account === account);
  if (row === undefined) return;
  if (row.bytes <= (quota ?? Infinity) && row.messages <= (quotaMessages ?? Infinity)) return;
  const allowed = [
    ...(quota === null ? [] : [formatSize(quota)]),
    ...(quotaMessages === null ? [] : [`${quotaMessages} messages`]),
  ];
  deps.terminal.err(
    `${account} has ${formatSize(row.bytes)} in ${row.messages} messages now, and may have ${
      allowed.join(" and ")
    }: ` +
      "new mail is refused until some is deleted or the quota is raised",
  );
}
