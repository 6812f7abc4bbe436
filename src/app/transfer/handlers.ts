import type { Clock } from "../../core/ports.ts";
import { concatBytes } from "../../core/bytes.ts";
import { decodeBase64, encodeBase64 } from "../../wire/sasl/mod.ts";
import type { Mailbox, Store } from "../../store/mod.ts";
import { identityOf } from "./identity.ts";
import type { Folder, NewMessage, TransferHandlers } from "./ports.ts";
import { Uploads } from "./uploads.ts";

const LAST_UID = 0xffffffff;

/** Done on a store. */
export function makeTransferHandlers(store: Store, clock: Clock): TransferHandlers {
  const { accounts, mailboxes, messages, bodies, hidden } = store;
  const uploads = new Uploads(bodies, clock);
  return {
    hiddenList: (account, filter, page) => hidden.list(account, filter, page),
    undelete: (account, filter) => hidden.restore(account, filter),
    folders: async (account) => {
      await accounts.ensure(account);
      return (await mailboxes.list(account)).map(showFolder);
    },
    ensureFolder: async (account, name) => {
      await accounts.ensure(account);
      const known = await mailboxes.get(account, name);
      if (known !== null) return showFolder(known);
      const made = await mailboxes.create(account, name);
      await mailboxes.subscribe(account, made.name, true);
      return showFolder(made);
    },
    messageRows: async (mailboxId, after) => {
      for await (const rows of messages.rows(mailboxId, [[after + 1, LAST_UID]])) return [...rows];
      return [];
    },
    identities: async (mailboxId, after) => {
      for await (const rows of messages.rowsWithDigest(mailboxId, [[after + 1, LAST_UID]])) {
        return {
          identities: rows.map(({ digest, size }) => identityOf(digest, size)),
          next: rows.at(-1)!.uid,
        };
      }
      return { identities: [], next: null };
    },
    bodyPiece: async (bodyId, start, end) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of bodies.read(bodyId, { start, end })) pieces.push(piece);
      return encodeBase64(concatBytes(pieces));
    },
    putPiece: (upload, data) => uploads.put(upload, decodeBase64(data)),
    dropUpload: async (upload) => uploads.drop(upload),
    appendMessages: async (mailboxId, news) => {
      const stage = (message: NewMessage) => stagedBody(store, uploads, message);
      const requests = await Promise.all(news.map(async (message) => ({
        mailboxId,
        body: await stage(message),
        flags: message.flags,
        internalDate: message.internalDate,
      })));
      await messages.appendMany(requests);
    },
  };
}

async function stagedBody({ bodies }: Store, uploads: Uploads, { content }: NewMessage) {
  if ("upload" in content) return uploads.take(content.upload);
  const stage = bodies.stage();
  await stage.write(decodeBase64(content.data));
  return stage.seal();
}

function showFolder({ id, name, role, uidValidity, messages }: Mailbox): Folder {
  return { id, name, role, uidValidity, messages };
}
