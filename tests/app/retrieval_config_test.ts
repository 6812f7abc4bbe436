import assert from "node:assert/strict";
import { join } from "node:path";
import { ConfigError, parseConfig } from "../../src/app/config/mod.ts";
import { sourceKey } from "../../src/retrieval/mod.ts";

const BEGIN = `hostname: mx.example.com
domains:
  example.com:
    accounts:
      Alice:
        retrieve:
`;

function sources(text: string, folder = "/etc/mailden") {
  return parseConfig(BEGIN + text, join(folder, "mailden.yaml")).sources;
}

function problems(text: string): string[] {
  try {
    sources(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ line, message }) => `${line}: ${message}`);
    throw error;
  }
  return [];
}

const ONE = "          - { protocol: pop3, host: pop.example.net, user: al";

Deno.test("retrieve: what is left out has its default; the port follows from protocol and tls", () => {
  const [source] = sources(`${ONE} }\n`);
  assert.equal(source!.account, "alice@example.com");
  assert.equal(source!.name, "pop.example.net");
  assert.equal(source!.port, 995);
  const port = (protocol: string, tls: string) =>
    sources(`          - { protocol: ${protocol}, host: a.example.net, user: al, tls: ${tls} }\n`)[0]!.port;
  assert.deepEqual([port("pop3", "starttls"), port("imap", "implicit"), port("imap", "none")], [
    110,
    993,
    143,
  ]);
  assert.deepEqual(sources(`${ONE}, keep: { days: 14 } }\n`)[0]!.keep, {
    kind: "delete-after",
    ms: 14 * 86_400_000,
  });
});

Deno.test("retrieve: secrets come from files beside the configuration", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mailden-config-" });
  try {
    await Deno.writeTextFile(join(folder, "pw"), "s3cret\n");
    assert.equal(sources(`${ONE}, password_file: pw }\n`, folder)[0]!.secret, "s3cret");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("retrieve: what was fetched is remembered wherever the source stands in the list, and whatever its port", () => {
  const [first] = sources(`${ONE}, port: 995 }\n`);
  const [, second] = sources(
    `          - { protocol: imap, host: a.example.net, user: al }\n${ONE}, port: 110, tls: starttls, name: x }\n`,
  );
  assert.equal(sourceKey(first!), sourceKey(second!));
});

Deno.test("retrieve: problems name their line and what was expected", () => {
  const table: [string, RegExp][] = [
    [
      "          - { protocol: smtp, host: a.example.net, user: al }\n",
      /7: Found "smtp", expected imap or pop3/,
    ],
    ["          - { protocol: imap, host: a.example.net }\n", /7: Missing, expected a text/],
    [`${ONE}, keep: never }\n`, /7: Found "never", expected leave, delete, or a number of days/],
    [`${ONE}, keep: { days: 0 } }\n`, /7: Found a section, expected leave, delete/],
    [`${ONE}, every: 1s }\n`, /7: Found "1s", expected a duration/],
    [`${ONE}, folder: [A] }\n`, /7: Unknown key "folder" \(did you mean "?folders"?|7: Unknown key "folder"/],
    [`${ONE}, folders: [A] }\n`, /7: Found folders, expected none: by POP3 there is one only/],
    [`${ONE}, allow_networks: [here] }\n`, /7: Found "here", expected an address/],
    [`${ONE}, into: "" }\n`, /7: Found "", expected the name of a mailbox/],
    [`${ONE}, into: /Old }\n`, /7: Found "\/Old", expected the name of a mailbox/],
    [`${ONE}, password_file: none.txt }\n`, /7: Found a file that cannot be read/],
    [`${ONE} }\n${ONE}, name: two }\n`, /8: This log-in is here twice/],
    [`${ONE} }\n${ONE.replace("user: al", "user: bo")} }\n`, /8: pop\.example\.net is here twice/],
    [
      `${ONE}, oauth2: { token_url: "http://x.example/", client_id: a } }\n`,
      /7: Found "http:.*expected an address such as https/,
    ],
    [
      `${ONE}, password_file: x, oauth2: { token_url: "https://x.example/", client_id: a } }\n`,
      /7: Found a file, expected none: with oauth2 the refresh token is in the store/,
    ],
  ];
  for (const [text, expected] of table) assert.match(problems(text).join("\n"), expected, text);
});
