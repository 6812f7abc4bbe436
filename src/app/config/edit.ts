/** Changes of the file by a command: comments and order stay, and what would not be a valid file is not written. */
import { basename, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Document, isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";
import { normalizeDomain } from "../../core/domain.ts";
import { parseConfig } from "./load.ts";
import { spliceIn, spliceOut } from "./splice.ts";

/** The change cannot be made; `message` says why and what to do. Nothing was written. */
export class ConfigEditError extends Error {
  override readonly name = "ConfigEditError";
}

export interface NewAccount {
  readonly local: string;
  /** In the form of `normalizeDomain`. */
  readonly domain: string;
  readonly name?: string | undefined;
  /** As it will stand in the file, such as `10GiB`. */
  readonly quota?: string | undefined;
}

/** The text with one account more. Throws `ConfigEditError`, or `ConfigError` when the result would not be valid. */
export function withAccount(content: string, path: string, account: NewAccount): string {
  const { local, domain, name, quota } = account;
  const document = parseDocument(content);
  const accounts = accountsOf(document, domain);
  if (findItem(accounts, local) !== null) {
    throw new ConfigEditError(`${local}@${domain} is there already; nothing was changed`);
  }
  const entry = { ...(name === undefined ? {} : { name }), ...(quota === undefined ? {} : { quota }) };
  const spliced = spliceIn(content, accounts, { key: local, entry });
  accounts.set(document.createNode(local), document.createNode(entry));
  return checkedText(document, spliced, path);
}

/** The text with one account less; comments above it stay. Throws as `withAccount`. */
export function withoutAccount(
  content: string,
  path: string,
  { local, domain }: { readonly local: string; readonly domain: string },
): string {
  const document = parseDocument(content);
  const accounts = accountsOf(document, domain);
  const item = findItem(accounts, local);
  if (item === null) throw new ConfigEditError(`${local}@${domain} is not in ${path}; nothing was changed`);
  const spliced = spliceOut(content, accounts, item);
  accounts.delete(item.key);
  return checkedText(document, spliced, path);
}

/**
 * Replaces the file by what `change` makes of it, in one step: whoever reads it sees the old text or the new one.
 * Mode and owner are kept, a symbolic link stays one, and two commands at once take turns.
 */
export async function editFile(path: string, change: (content: string) => string): Promise<void> {
  const target = await Deno.realPath(path);
  using file = await lockedFile(target);
  const before = await file.stat();
  const content = change(await new Response(readable(file)).text());
  const temporary = join(dirname(target), `.${basename(target)}.${Deno.pid}.tmp`);
  try {
    await writeDurably(temporary, content, before);
    await Deno.rename(temporary, target);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
  using folder = await Deno.open(dirname(target));
  await folder.sync();
}

/** Opens the file and locks it; again when another command replaced it while we waited for the lock. */
async function lockedFile(path: string): Promise<Deno.FsFile> {
  for (;;) {
    const file = await Deno.open(path, { read: true });
    await file.lock(true);
    const [locked, current] = await Promise.all([file.stat(), Deno.stat(path)]);
    if (locked.ino === current.ino && locked.dev === current.dev) return file;
    file.close();
  }
}

/** The file's bytes; unlike `file.readable` it leaves the file, and so its lock, open. */
function readable(file: Deno.FsFile): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const chunk = new Uint8Array(64 * 1024);
      const length = await file.read(chunk);
      if (length === null) controller.close();
      else controller.enqueue(chunk.subarray(0, length));
    },
  });
}

async function writeDurably(path: string, content: string, like: Deno.FileInfo): Promise<void> {
  // A leftover of a command that was killed would be in the way of `createNew`.
  await Deno.remove(path).catch(() => {});
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  const bytes = new TextEncoder().encode(content);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
  const { uid, gid } = await file.stat();
  if (uid !== like.uid || gid !== like.gid) await Deno.chown(path, like.uid, like.gid);
  if (like.mode !== null) await Deno.chmod(path, like.mode & 0o7777);
}

/** The `accounts` map of a domain; an empty one is made where there is none yet. */
function accountsOf(document: Document.Parsed, domain: string): YAMLMap {
  const domains = document.get("domains");
  const key = isMap(domains)
    ? domains.items.map(({ key }) => isScalar(key) ? key.value : key)
      .find((name) => typeof name === "string" && normalizeDomain(name) === domain)
    : undefined;
  if (key === undefined) {
    throw new ConfigEditError(`The domain ${domain} is not configured; add it under "domains:" first`);
  }
  const section = mapIn(document, ["domains", key]);
  if (!section.has("accounts")) section.set("accounts", document.createNode({}));
  return mapIn(document, ["domains", key, "accounts"]);
}

/** The map at the path; where the value is empty, a new one takes its place and its comments. */
function mapIn(document: Document.Parsed, path: readonly unknown[]): YAMLMap {
  const node = document.getIn(path, true);
  if (isMap(node)) return node;
  if (!isScalar(node) || node.value !== null) {
    throw new ConfigEditError(`"${path.join(".")}" is not a plain section; edit the file by hand`);
  }
  const map = document.createNode({}) as unknown as YAMLMap;
  map.commentBefore = node.commentBefore ?? node.comment ?? null;
  document.setIn(path, map);
  return map;
}

function findItem(accounts: YAMLMap, local: string): Pair | null {
  const wanted = local.normalize("NFC").toLowerCase();
  return accounts.items.find(({ key }) => {
    const name = String(isScalar(key) ? key.value : key);
    return name.normalize("NFC").toLowerCase() === wanted;
  }) ?? null;
}

/** The text that was spliced if it says what the changed document says, else the document written anew. */
function checkedText(document: Document.Parsed, spliced: string | null, path: string): string {
  const isSame = spliced !== null &&
    isDeepStrictEqual(plainValue(parseDocument(spliced)), plainValue(document));
  const text = isSame ? spliced : document.toString({ lineWidth: 0 });
  parseConfig(text, path);
  return text;
}

/** An empty section and one that is left empty are the same to us. */
function plainValue(document: Document.Parsed): unknown {
  return JSON.parse(JSON.stringify(document.toJS() ?? null).replaceAll(":{}", ":null"));
}
