import { append } from "./cmd/append.ts";
import { authenticate } from "./cmd/authenticate.ts";
import { capability } from "./cmd/capability.ts";
import { cancelupdate } from "./cmd/cancelupdate.ts";
import { check } from "./cmd/check.ts";
import { close } from "./cmd/close.ts";
import { compress } from "./cmd/compress.ts";
import { copy, uidCopy } from "./cmd/copy.ts";
import { create } from "./cmd/create.ts";
import { del } from "./cmd/delete.ts";
import { deleteacl } from "./cmd/deleteacl.ts";
import { enable } from "./cmd/enable.ts";
import { expunge, uidExpunge } from "./cmd/expunge.ts";
import { fetch, uidFetch } from "./cmd/fetch.ts";
import { getacl } from "./cmd/getacl.ts";
import { getmetadata } from "./cmd/getmetadata.ts";
import { getquota } from "./cmd/getquota.ts";
import { getquotaroot } from "./cmd/getquotaroot.ts";
import { id } from "./cmd/id.ts";
import { idle } from "./cmd/idle.ts";
import { list } from "./cmd/list.ts";
import { listrights } from "./cmd/listrights.ts";
import { login } from "./cmd/login.ts";
import { logout } from "./cmd/logout.ts";
import { lsub } from "./cmd/lsub.ts";
import { move, uidMove } from "./cmd/move.ts";
import { myrights } from "./cmd/myrights.ts";
import { namespace } from "./cmd/namespace.ts";
import { noop } from "./cmd/noop.ts";
import { notify } from "./cmd/notify.ts";
import { rename } from "./cmd/rename.ts";
import { replace, uidReplace } from "./cmd/replace.ts";
import { search, uidSearch } from "./cmd/search.ts";
import { sort, uidSort } from "./cmd/sort.ts";
import { thread, uidThread } from "./cmd/thread.ts";
import { esearch } from "./cmd/esearch.ts";
import { examine, select } from "./cmd/select.ts";
import { setacl } from "./cmd/setacl.ts";
import { setmetadata } from "./cmd/setmetadata.ts";
import { setquota } from "./cmd/setquota.ts";
import { starttls } from "./cmd/starttls.ts";
import { status } from "./cmd/status.ts";
import { store, uidStore } from "./cmd/store.ts";
import { subscribe } from "./cmd/subscribe.ts";
import { unauthenticate } from "./cmd/unauthenticate.ts";
import { unselect } from "./cmd/unselect.ts";
import { unsubscribe } from "./cmd/unsubscribe.ts";
import type { Command } from "./command.ts";

/** Every command by its name. Where it is legal, how it is read and what it does stand in its own file. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["APPEND", append],
  ["AUTHENTICATE", authenticate],
  ["CANCELUPDATE", cancelupdate],
  ["CAPABILITY", capability],
  ["CHECK", check],
  ["CLOSE", close],
  ["COMPRESS", compress],
  ["COPY", copy],
  ["CREATE", create],
  ["DELETE", del],
  ["DELETEACL", deleteacl],
  ["ENABLE", enable],
  ["ESEARCH", esearch],
  ["EXAMINE", examine],
  ["EXPUNGE", expunge],
  ["FETCH", fetch],
  ["GETACL", getacl],
  ["GETMETADATA", getmetadata],
  ["GETQUOTA", getquota],
  ["GETQUOTAROOT", getquotaroot],
  ["ID", id],
  ["IDLE", idle],
  ["LIST", list],
  ["LISTRIGHTS", listrights],
  ["LOGIN", login],
  ["LOGOUT", logout],
  ["LSUB", lsub],
  ["MOVE", move],
  ["MYRIGHTS", myrights],
  ["NAMESPACE", namespace],
  ["NOOP", noop],
  ["NOTIFY", notify],
  ["RENAME", rename],
  ["REPLACE", replace],
  ["SEARCH", search],
  ["SELECT", select],
  ["SETACL", setacl],
  ["SETMETADATA", setmetadata],
  ["SETQUOTA", setquota],
  ["SORT", sort],
  ["STARTTLS", starttls],
  ["STATUS", status],
  ["STORE", store],
  ["SUBSCRIBE", subscribe],
  ["THREAD", thread],
  ["UID COPY", uidCopy],
  ["UID EXPUNGE", uidExpunge],
  ["UID FETCH", uidFetch],
  ["UID MOVE", uidMove],
  ["UID REPLACE", uidReplace],
  ["UID SEARCH", uidSearch],
  ["UID SORT", uidSort],
  ["UID STORE", uidStore],
  ["UID THREAD", uidThread],
  ["UNAUTHENTICATE", unauthenticate],
  ["UNSELECT", unselect],
  ["UNSUBSCRIBE", unsubscribe],
]);
