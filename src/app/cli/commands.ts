import { accountAdd } from "./account_add.ts";
import { accountList } from "./account_list.ts";
import { accountPassword } from "./account_password.ts";
import { accountRemove } from "./account_remove.ts";
import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { indexRebuild } from "./index_rebuild.ts";
import { indexStatus } from "./index_status.ts";
import { queueDrop } from "./queue_drop.ts";
import { queueFlush } from "./queue_flush.ts";
import { queueHold, queueRelease } from "./queue_hold.ts";
import { queueList } from "./queue_list.ts";
import { queueShow } from "./queue_show.ts";
import { sendmail } from "./sendmail.ts";
import { serve } from "./serve.ts";
import { trace } from "./trace.ts";
import { versionCommand } from "./version.ts";

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  serve,
  check,
  accountAdd,
  accountList,
  accountPassword,
  accountRemove,
  queueList,
  queueShow,
  queueFlush,
  queueHold,
  queueRelease,
  queueDrop,
  trace,
  indexStatus,
  indexRebuild,
  sendmail,
  versionCommand,
];
