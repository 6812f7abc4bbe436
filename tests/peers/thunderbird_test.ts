import assert from "node:assert/strict";
import { ALICE, certificateOf, deliver, PASSWORD, startForPeers, until } from "./peer.ts";
import { Thunderbird } from "./thunderbird.ts";

Deno.test("peer: Thunderbird reads, marks, files and deletes, and hears of what others do", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  await deliver(server, ALICE, ["one", "two", "three", "four"]);
  const certificate = await Deno.readTextFile(await certificateOf(server, folder));
  const account = { address: ALICE, password: PASSWORD, imapsPort: server.ports.imaps, certificate };
  await using thunderbird = await Thunderbird.start(folder, account);
  const seen = await thunderbird.script(`
    await update(inbox);
    return { folders: root.subFolders.map(({ name }) => name).sort(), subjects: headers(inbox).map((one) => one.subject) };
  `);
  assert.deepEqual(seen, {
    folders: ["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"],
    subjects: ["one", "two", "three", "four"],
  });
  const text = await thunderbird.script(`
    const uri = inbox.getUriForMsg(header(inbox, "two"));
    return await new Promise((resolve, reject) => {
      let text = "";
      MailServices.messageServiceFromURI(uri).streamMessage(uri, {
        QueryInterface: ChromeUtils.generateQI(["nsIStreamListener", "nsIRequestObserver"]),
        onStartRequest() {},
        onDataAvailable(request, stream, offset, count) {
          const reader = Cc["@mozilla.org/scriptableinputstream;1"].createInstance(Ci.nsIScriptableInputStream);
          reader.init(stream);
          text += reader.read(count);
        },
        onStopRequest(request, status) { status === 0 ? resolve(text) : reject(new Error("Status " + status)); },
      }, null, null, false, "", false);
    });
  `);
  assert.match(String(text), /Text of two\.\r?\n\.with a dot/);

  // What Thunderbird does arrives here.
  await thunderbird.script(`
    inbox.markMessagesRead([header(inbox, "one")], true);
    inbox.markMessagesFlagged([header(inbox, "three")], true);
    inbox.addKeywordsToMessages([header(inbox, "three")], "$label1");
    root.createSubfolder("Ärger", null);
    await until("the new folder", () => root.subFolders.some(({ name }) => name === "Ärger"));
    const target = root.subFolders.find(({ name }) => name === "Ärger");
    MailServices.copy.copyMessages(inbox, [header(inbox, "four")], target, false, null, null, false);
    inbox.deleteMessages([header(inbox, "two")], null, false, false, null, true);
  `);
  await using imap = await server.imap(ALICE);
  const search = async (query: string) => {
    await imap.ok("NOOP");
    return (await imap.ok(`SEARCH ${query}`)).untagged.join("");
  };
  await until("the message is in Trash", async () => {
    return /MESSAGES 1/.test((await imap.ok("STATUS Trash (MESSAGES)")).untagged.join());
  });
  await until("the copy is there", async () => {
    const { status, untagged } = await imap.command("STATUS &AMQ-rger (MESSAGES)");
    return status === "OK" && /MESSAGES 1/.test(untagged.join());
  });
  await imap.select();
  await until("\\Seen", async () => /SEARCH \d/.test(await search("SUBJECT one SEEN")));
  await until(
    "\\Flagged",
    async () => /SEARCH \d/.test(await search("SUBJECT three FLAGGED KEYWORD $label1")),
  );

  // What happens here arrives there, without a question of its user's.
  await deliver(server, ALICE, ["five"]);
  await thunderbird.script(`await until("the new message", () => header(inbox, "five") !== undefined);`);
  await imap.ok("NOOP");
  const { untagged } = await imap.ok("SEARCH SUBJECT four");
  const four = /SEARCH (\d+)/.exec(untagged.join())?.[1];
  await imap.ok(`STORE ${four} +FLAGS (\\Seen)`);
  await thunderbird.script(`await until("the flag", () => header(inbox, "four").isRead);`);
});
