/** Which LIST responses tell of names that came, went or changed (RFC 5465 sections 5.4, 5.5 and 5.9). */
import { namesAbove } from "./names_above.ts";
import type { Look, NameChange } from "./notify_watch.ts";

export interface ListLine {
  readonly name: string;
  readonly attributes: readonly string[];
  readonly oldName: string | null;
}

export interface NameWishes {
  /** Whether the client wants to hear of this name. */
  readonly wants: (name: string) => boolean;
  readonly subscribed: ReadonlySet<string>;
  /** Of these the client wants to hear, since their subscription has changed (section 5.5). */
  readonly resubscribed: Iterable<string>;
  readonly own: OwnNames;
}

/** What this session did itself, of which it is not told (section 5); until the notice of it has come by. */
export class OwnNames {
  readonly #came = new Set<string>();
  readonly #went = new Set<string>();
  readonly #moved = new Set<string>();

  came(name: string): void {
    // The levels above were made with it, if they were missing.
    for (const made of [name, ...namesAbove(name)]) this.#came.add(made);
  }

  went(name: string): void {
    this.#went.add(name);
  }

  moved(from: string, to: string): void {
    this.#moved.add(from);
    // Renaming INBOX makes a new mailbox, and any name may need new levels above it.
    this.came(to);
  }

  hasCome(name: string): boolean {
    return this.#came.has(name);
  }

  has(change: NameChange): boolean {
    switch (change.kind) {
      case "came":
        return this.hasCome(change.name);
      case "went":
        return this.#went.has(change.name);
      case "moved":
        return this.#moved.has(change.from);
      default:
        return false;
    }
  }

  clear(): void {
    this.#came.clear();
    this.#went.clear();
    this.#moved.clear();
  }
}

/** Each affected name once, in the order of the changes, as it is after all of them. */
export function namesTold({ changes, hierarchy }: Look, wishes: NameWishes): ListLine[] {
  const { wants, subscribed, resubscribed, own } = wishes;
  const moved = new Map(
    changes.flatMap((change) => change.kind === "moved" ? [[change.from, change.name]] : []),
  );
  /** Each with its old name. */
  const affected = new Map<string, string | null>();
  const refused = new Set<string>();
  const touch = (name: string) => affected.set(name, affected.get(name) ?? null);
  const touchWanted = (name: string) => {
    if (wants(name)) touch(name);
  };
  for (const change of changes) {
    const { name } = change;
    if (own.has(change)) continue;
    switch (change.kind) {
      case "came":
        touchWanted(name);
        touchParent(name, touchWanted);
        break;
      case "went":
        touchWanted(name);
        touchParent(name, touchWanted);
        if (!change.isRefused) break;
        // Section 5.9: that access is lost is told to whoever did not ask for names, too.
        touch(name);
        refused.add(name);
        break;
      case "moved":
        if (movedWithParent(change, moved)) break;
        if (wants(name) || wants(change.from)) affected.set(name, change.from);
        break;
      case "opened":
        touch(name);
        break;
      case "closed":
        // Section 3.1.
        touch(name);
        refused.add(name);
    }
  }
  for (const name of resubscribed) touch(name);
  return [...affected].map(([name, oldName]) => {
    const attributes = hierarchy.attributes(name);
    if (refused.has(name)) attributes.push("\\NoAccess");
    // Section 5.5: all attributes are told, and all are right.
    if (subscribed.has(name)) attributes.push("\\Subscribed");
    return { name, attributes, oldName };
  });
}

/** Section 5.4: with a mailbox that comes or goes its direct parent is affected, whether it exists or not. */
function touchParent(name: string, touch: (name: string) => void): void {
  const [parent] = namesAbove(name);
  if (parent !== undefined) touch(parent);
}

/** Section 5.4: what lies below a renamed mailbox is not told of. */
function movedWithParent(
  { from, name }: { readonly from: string; readonly name: string },
  moved: ReadonlyMap<string, string>,
): boolean {
  for (const above of namesAbove(from)) {
    const target = moved.get(above);
    if (target !== undefined && name === target + from.slice(above.length)) return true;
  }
  return false;
}
