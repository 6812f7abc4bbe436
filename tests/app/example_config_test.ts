import assert from "node:assert/strict";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { defaultConfig, loadConfig, parseConfig } from "../../src/app/config/mod.ts";
import { fileSchema } from "../../src/app/config/schema.ts";
import { schemaKeys } from "./schema_keys.ts";

const EXAMPLE = join(import.meta.dirname!, "../../config.example.yaml");

Deno.test("config.example.yaml: is the defaults and nothing else", async () => {
  assert.deepEqual(await loadConfig(EXAMPLE), {
    ...defaultConfig("mx.example.com"),
    directory: { domains: {}, plusSeparator: "+" },
  });
});

Deno.test("config.example.yaml: has every key, in the text or, where it has no default, in a comment", async () => {
  const text = await Deno.readTextFile(EXAMPLE);
  const document = parseDocument(text);
  const keys = schemaKeys(fileSchema);
  assert.ok(keys.length > 100, `Found ${keys.length} keys`);
  for (const path of keys) {
    const isExample = path.includes("*") ||
      path.slice(0, -1).some((key) => /^(fallback_)?relay$|^routes$/.test(key));
    const found = isExample ? new RegExp(`^ *# +${path.at(-1)}:`, "m").test(text) : document.hasIn(path);
    assert.ok(found, `${path.join(".")} is missing from config.example.yaml`);
  }
});

Deno.test("config.example.yaml: what stands in its comments works too", async () => {
  const text = await Deno.readTextFile(EXAMPLE);
  const withRelay = text.replace(/relay: null.*\n((?: +# .*\n)+)/, (_, lines: string) => {
    return lines.replaceAll(/^ +#/gm, "").trimStart();
  });
  const withDomains = withRelay.replace(/domains: \{\}\n((?:# .*\n)+)/, (_, lines: string) => {
    return `domains:\n${lines.replaceAll(/^#/gm, "")}`;
  });
  const config = parseConfig(withDomains, "/etc/mailden/mailden.yaml");
  assert.deepEqual(config.outbound.relay, {
    host: "relay.example.net",
    port: 587,
    user: null,
    password: null,
    tls: "required",
  });
  assert.deepEqual(config.directory.domains["example.com"]?.accounts, {
    alice: {
      name: "Alice",
      quota: 10 * 2 ** 30,
      quotaMessages: 1_000_000,
      aliases: ["sales"],
      forward: ["alice@elsewhere.org"],
      keepCopy: true,
      recipientsPerDay: 5000,
      newRecipientsPerDay: 500,
    },
    bob: { aliases: [] },
  });
  assert.deepEqual(config.sources, [{
    account: "alice@example.com",
    name: "old",
    protocol: "imap",
    host: "imap.example.net",
    port: 993,
    tls: "implicit",
    user: "alice",
    secret: null,
    oauth: null,
    everyMs: 300_000,
    idle: true,
    folders: ["INBOX"],
    keep: { kind: "leave" },
    into: "INBOX",
    filters: true,
    allowNetworks: [],
  }]);
});
