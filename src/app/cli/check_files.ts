import { createPrivateKey, X509Certificate } from "node:crypto";
import { dirname, join } from "node:path";
import type { Config } from "../config/mod.ts";
import { loadGlobalScripts } from "../sieve_files.ts";

export interface Finding {
  /** An error keeps the server, or what was configured, from working. */
  readonly severity: "error" | "warning";
  readonly message: string;
}

/** A certificate that ends sooner is worth a word. */
const SOON_MS = 14 * 86_400_000;

/** What is wrong with the configured certificate and key. */
export async function certificateFindings(config: Config, now: number): Promise<Finding[]> {
  const { certificate: file, key: keyFile } = config.tls;
  if (file === null || keyFile === null) return [];
  const certificate = await readWith(file, "tls.certificate", (text) => new X509Certificate(text));
  const key = await readWith(keyFile, "tls.key", (text) => createPrivateKey(text));
  if (certificate instanceof Array) return [...certificate, ...(key instanceof Array ? key : [])];
  if (key instanceof Array) return key;
  const findings: Finding[] = [];
  if (!certificate.checkPrivateKey(key)) {
    findings.push({ severity: "error", message: `tls.key: ${keyFile} is not the key of ${file}` });
  }
  const end = Date.parse(certificate.validTo);
  if (end <= now) {
    findings.push({ severity: "error", message: `tls.certificate: ${file} ended on ${certificate.validTo}` });
  } else if (end - now < SOON_MS) {
    findings.push({
      severity: "warning",
      message: `tls.certificate: ${file} ends on ${certificate.validTo}`,
    });
  }
  if (certificate.checkHost(config.hostname) === undefined) {
    findings.push({
      severity: "warning",
      message: `tls.certificate: ${file} does not name ${config.hostname}`,
    });
  }
  return findings;
}

/** Whether the administrator's filter scripts can be used. */
export async function sieveFindings(config: Config): Promise<Finding[]> {
  try {
    await loadGlobalScripts(config);
    return [];
  } catch (error) {
    return [{ severity: "error", message: `sieve: ${messageOf(error)}` }];
  }
}

/** Whether the data folder can be used, or made. */
export async function dataFolderFindings(folder: string): Promise<Finding[]> {
  const probe = join(folder, `.check-${Deno.pid}`);
  try {
    await Deno.writeTextFile(probe, "");
    await Deno.remove(probe);
    return [];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return await missingFolderFindings(folder);
    return [{ severity: "error", message: `data: ${folder} cannot be written: ${messageOf(error)}` }];
  }
}

async function missingFolderFindings(folder: string): Promise<Finding[]> {
  const parent = dirname(folder);
  try {
    await Deno.stat(parent);
    return [{ severity: "warning", message: `data: ${folder} is not there yet; the first start makes it` }];
  } catch {
    if (parent === folder) return [{ severity: "error", message: `data: ${folder} is not there` }];
    return await missingFolderFindings(parent);
  }
}

async function readWith<T>(path: string, key: string, read: (text: string) => T): Promise<T | Finding[]> {
  try {
    return read(await Deno.readTextFile(path));
  } catch (error) {
    return [{ severity: "error", message: `${key}: ${path} cannot be used: ${messageOf(error)}` }];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
