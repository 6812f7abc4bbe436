import { append } from "./cmd/append.ts";
import { authenticate } from "./cmd/authenticate.ts";
import { capability } from "./cmd/capability.ts";
import { check } from "./cmd/check.ts";
import { close } from "./cmd/close.ts";
import { copy, uidCopy } from "./cmd/copy.ts";
import { create } from "./cmd/create.ts";
import { del } from "./cmd/delete.ts";
import { enable } from "./cmd/enable.ts";
import { expunge, uidExpunge } from "./cmd/expunge.ts";
import { fetch, uidFetch } from "./cmd/fetch.ts";
import { id } from "./cmd/id.ts";
import { idle } from "./cmd/idle.ts";
import { list } from "./cmd/list.ts";
import { login } from "./cmd/login.ts";
import { logout } from "./cmd/logout.ts";
import { lsub } from "./cmd/lsub.ts";
import { move, uidMove } from "./cmd/move.ts";
import { namespace } from "./cmd/namespace.ts";
import { noop } from "./cmd/noop.ts";
import { rename } from "./cmd/rename.ts";
import { search, uidSearch } from "./cmd/search.ts";
import { examine, select } from "./cmd/select.ts";
import { starttls } from "./cmd/starttls.ts";
import { status } from "./cmd/status.ts";
import { store, uidStore } from "./cmd/store.ts";
import { subscribe } from "./cmd/subscribe.ts";
import { unselect } from "./cmd/unselect.ts";
import { unsubscribe } from "./cmd/unsubscribe.ts";
import type { Command } from "./command.ts";

/** Every command by its name. Where it is legal, how it is read and what it does stand in its own file. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["APPEND", append],
  ["AUTHENTICATE", authenticate],
  ["CAPABILITY", capability],
  ["CHECK", check],
  ["CLOSE", close],
  ["COPY", copy],
  ["CREATE", create],
  ["DELETE", del],
  ["ENABLE", enable],
  ["EXAMINE", examine],
  ["EXPUNGE", expunge],
  ["FETCH", fetch],
  ["ID", id],
  ["IDLE", idle],
  ["LIST", list],
  ["LOGIN", login],
  ["LOGOUT", logout],
  ["LSUB", lsub],
  ["MOVE", move],
  ["NAMESPACE", namespace],
  ["NOOP", noop],
  ["RENAME", rename],
  ["SEARCH", search],
  ["SELECT", select],
  ["STARTTLS", starttls],
  ["STATUS", status],
  ["STORE", store],
  ["SUBSCRIBE", subscribe],
  ["UID COPY", uidCopy],
  ["UID EXPUNGE", uidExpunge],
  ["UID FETCH", uidFetch],
  ["UID MOVE", uidMove],
  ["UID SEARCH", uidSearch],
  ["UID STORE", uidStore],
  ["UNSELECT", unselect],
  ["UNSUBSCRIBE", unsubscribe],
]);
