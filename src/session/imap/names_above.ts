import { DELIMITER } from "../../wire/imap/mod.ts";

/** All the names above a name, the nearest first. */
export function* namesAbove(name: string): Generator<string> {
  for (let at = name.lastIndexOf(DELIMITER); at > 0; at = name.lastIndexOf(DELIMITER, at - 1)) {
    yield name.slice(0, at);
  }
}
