import { MailboxExists, NoSuchMailbox } from "../errors.ts";
import type { Mailbox, MailboxPlace, MailboxRole, MailboxStore } from "../mod.ts";
import {
  accountKey,
  checkedName,
  compareNames,
  INBOX,
  isAtOrBelow,
  namesAbove,
  normalizeName,
  planRename,
  refuseInboxRemoval,
  refuseTakenRole,
  type RenamePlan,
  sortMailboxes,
} from "../names.ts";
import { hasRole, type MemoryAccount, type MemoryState, showMailbox } from "./state.ts";
import { transferMessages } from "./transfer.ts";

export class MemoryMailboxes implements MailboxStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async list(account: string): Promise<Mailbox[]> {
    this.#state.use();
    const found = this.#state.accounts.get(accountKey(account));
    return sortMailboxes([...found?.mailboxes.values() ?? []].map(showMailbox));
  }

  async get(account: string, name: string): Promise<Mailbox | null> {
    this.#state.use();
    const found = this.#state.accounts.get(accountKey(account))?.mailboxes.get(normalizeName(name));
    return found === undefined ? null : showMailbox(found);
  }

  async byId(mailboxId: number): Promise<Mailbox | null> {
    this.#state.use();
    const found = this.#state.mailboxes.get(mailboxId);
    return found === undefined ? null : showMailbox(found);
  }

  find(account: string, name: string): Promise<MailboxPlace | null> {
    return this.get(account, name);
  }

  async create(account: string, name: string, role?: MailboxRole | null): Promise<Mailbox> {
    this.#state.change();
    const checked = checkedName(name);
    return this.#state.withAccount(accountKey(account), (owner) => {
      if (owner.mailboxes.has(checked)) throw new MailboxExists();
      if (role !== undefined && role !== null && hasRole(owner, role)) refuseTakenRole();
      const actual = role === undefined ? this.#state.freeRole(owner, checked) : role;
      for (const above of namesAbove(checked)) this.#state.ensureMailbox(owner, above);
      return showMailbox(this.#state.addMailbox(owner, checked, actual));
    });
  }

  async rename(account: string, from: string, to: string): Promise<void> {
    this.#state.change();
    const plan = planRename(from, to);
    const owner = this.#state.accounts.get(accountKey(account));
    if (owner === undefined) throw new NoSuchMailbox();
    if (owner.mailboxes.has(plan.to)) throw new MailboxExists();
    if (plan.from === INBOX) this.#moveInbox(owner, plan.to);
    else this.#renameTree(owner, plan);
  }

  async remove(account: string, name: string): Promise<void> {
    this.#state.change();
    const normal = normalizeName(name);
    if (normal === INBOX) refuseInboxRemoval();
    const mailbox = this.#state.accounts.get(accountKey(account))?.mailboxes.get(normal);
    if (mailbox === undefined) throw new NoSuchMailbox();
    retire(mailbox.account, normal, mailbox.uidValidity);
    this.#state.dropMailbox(mailbox);
  }

  async subscriptions(account: string): Promise<string[]> {
    this.#state.use();
    return [...this.#state.accounts.get(accountKey(account))?.subscriptions ?? []].sort(compareNames);
  }

  async subscribe(account: string, name: string, on: boolean): Promise<void> {
    this.#state.change();
    const key = accountKey(account);
    if (on) {
      const checked = checkedName(name);
      this.#state.account(key).subscriptions.add(checked);
    } else {
      this.#state.accounts.get(key)?.subscriptions.delete(normalizeName(name));
    }
  }

  /** RFC 3501 section 6.3.5: the messages leave, INBOX and what is below it stay. */
  #moveInbox(owner: MemoryAccount, to: string): void {
    for (const above of namesAbove(to)) this.#state.ensureMailbox(owner, above);
    const target = this.#state.addMailbox(owner, to, null);
    transferMessages(this.#state, {
      from: owner.mailboxes.get(INBOX)!,
      to: target,
      uids: [[1, 0xffffffff]],
      move: true,
    });
  }

  #renameTree(owner: MemoryAccount, plan: RenamePlan): void {
    const moved = [...owner.mailboxes.values()].filter(({ name }) => isAtOrBelow(name, plan.from))
      .sort((a, b) => a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
    if (moved.length === 0) throw new NoSuchMailbox();
    const rename = (name: string) => checkedName(plan.to + name.slice(plan.from.length));
    for (const { name } of moved) {
      const target = rename(name);
      if (owner.mailboxes.has(target) && !isAtOrBelow(target, plan.from)) throw new MailboxExists();
    }
    for (const mailbox of moved) {
      owner.mailboxes.delete(mailbox.name);
      retire(owner, mailbox.name, mailbox.uidValidity);
    }
    for (const mailbox of moved) {
      mailbox.name = rename(mailbox.name);
      // A renamed mailbox keeps its UIDVALIDITY unless its new name had a higher one before.
      if ((owner.retired.get(mailbox.name) ?? 0) > mailbox.uidValidity) {
        mailbox.uidValidity = this.#state.nextUidValidity();
      }
      owner.mailboxes.set(mailbox.name, mailbox);
    }
    for (const above of namesAbove(plan.to)) this.#state.ensureMailbox(owner, above);
  }
}

function retire(account: MemoryAccount, name: string, uidValidity: number): void {
  account.retired.set(name, Math.max(uidValidity, account.retired.get(name) ?? 0));
}
