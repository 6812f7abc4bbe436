import { toNfc } from "../core/unicode.ts";
import type { MailboxRole, MailboxStore } from "../store/mod.ts";

/** A stranger shall not put into these what would look like the account's own. */
const OWN: readonly (MailboxRole | null)[] = ["sent", "drafts", "trash"];

/**
 * The folder that an account has for a detail of its address (RFC 5233), such as `work` for `alice+work`, in any case;
 * null when there is none. None is ever made: then anybody could fill the account with folders.
 */
export async function folderForDetail(
  mailboxes: Pick<MailboxStore, "list">,
  account: string,
  detail: string,
): Promise<string | null> {
  const wanted = toNfc(detail);
  const folders = (await mailboxes.list(account)).filter(({ role }) => !OWN.includes(role));
  const exact = folders.find(({ name }) => name === wanted);
  return (exact ?? folders.find(({ name }) => name.toLowerCase() === wanted.toLowerCase()))?.name ?? null;
}

/** By account, for all that were addressed with a detail and have a folder for it. */
export async function detailFolders(
  mailboxes: Pick<MailboxStore, "list">,
  details: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  const folders = new Map<string, string>();
  for (const [account, detail] of details) {
    const name = await folderForDetail(mailboxes, account, detail);
    if (name !== null) folders.set(account, name);
  }
  return folders;
}
