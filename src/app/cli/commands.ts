import { accountAdd } from "./account_add.ts";
import { accountList } from "./account_list.ts";
import { accountPassword } from "./account_password.ts";
import { accountRemove } from "./account_remove.ts";
import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { exportMaildir } from "./export_maildir.ts";
import { exportMbox } from "./export_mbox.ts";
import { importImap } from "./import_imap.ts";
import { importMaildir } from "./import_maildir.ts";
import { importMbox } from "./import_mbox.ts";
import { indexRebuild } from "./index_rebuild.ts";
import { indexStatus } from "./index_status.ts";
import { queueDrop } from "./queue_drop.ts";
import { queueFlush } from "./queue_flush.ts";
import { queueHold, queueRelease } from "./queue_hold.ts";
import { queueList } from "./queue_list.ts";
import { queueShow } from "./queue_show.ts";
import { retrieveNow } from "./retrieve_now.ts";
import { retrieveSecret } from "./retrieve_secret.ts";
import { retrieveStatus } from "./retrieve_status.ts";
import { sendmail } from "./sendmail.ts";
import { serve } from "./serve.ts";
import { sieveActivate } from "./sieve_activate.ts";
import { sieveGet } from "./sieve_get.ts";
import { sieveList } from "./sieve_list.ts";
import { sievePut } from "./sieve_put.ts";
import { sieveRemove } from "./sieve_remove.ts";
import { sieveTest } from "./sieve_try.ts";
import { trace } from "./trace.ts";
import { vacationOff, vacationSet, vacationShow } from "./vacation.ts";
import { undelete } from "./undelete.ts";
import { versionCommand } from "./version.ts";

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  serve,
  check,
  accountAdd,
  accountList,
  accountPassword,
  accountRemove,
  sieveTest,
  sievePut,
  sieveGet,
  sieveList,
  sieveActivate,
  sieveRemove,
  vacationSet,
  vacationShow,
  vacationOff,
  queueList,
  queueShow,
  queueFlush,
  queueHold,
  queueRelease,
  queueDrop,
  trace,
  undelete,
  importMaildir,
  importMbox,
  importImap,
  exportMaildir,
  exportMbox,
  indexStatus,
  indexRebuild,
  retrieveStatus,
  retrieveNow,
  retrieveSecret,
  sendmail,
  versionCommand,
];
