/** The `outbound:` section: how mail leaves. */
import {
  defaultRemoteSettings,
  type RelaySettings,
  type RemoteSettings,
  type RemoteTimeouts,
} from "../../delivery/remote/settings.ts";
import {
  choice,
  count,
  duration,
  durationFrom,
  filePath,
  flag,
  hostOrAddress,
  orNull,
  text,
  value,
} from "./fields.ts";
import {
  type FieldsOf,
  type FileKeys,
  section,
  settingsFrom,
  settingsSection,
  settingsShape,
} from "./section.ts";

type PlainSettings = Omit<RemoteSettings, "relay" | "timeouts">;

const fields: FieldsOf<PlainSettings> = {
  port: count(1, 65_535),
  ipv6: flag,
  maxHosts: count(1, 100),
  maxAddresses: count(1, 200),
  idleMs: durationFrom(0),
  messagesPerConnection: count(1, 100_000),
  idleConnections: count(0, 100_000),
};
const keys: FileKeys<PlainSettings> = { idleMs: "idle_time" };

const timeoutFields: FieldsOf<RemoteTimeouts> = {
  connect: duration,
  greeting: duration,
  command: duration,
  tls: duration,
  mail: duration,
  rcpt: duration,
  data: duration,
  block: duration,
  final: duration,
};

const relaySection = section({
  host: value(hostOrAddress),
  port: value(count(1, 65_535)).default(587),
  user: value(orNull(text)).default(null),
  // Its own file, so that the configuration can be shown to others.
  password_file: value(orNull(filePath)).default(null),
  tls: value(choice("opportunistic", "required", "implicit")).default("required"),
});

export const outboundSection = section({
  ...settingsShape<PlainSettings>(defaultRemoteSettings, fields, keys),
  relay: relaySection.nullable().default(defaultRemoteSettings.relay as null),
  timeouts: settingsSection(defaultRemoteSettings.timeouts, timeoutFields),
}).transform((read) => ({
  settings: settingsFrom<PlainSettings>(read, fields, keys),
  relay: read.relay,
  timeouts: read.timeouts,
}));

type OutboundContent = ReturnType<typeof outboundSection.parse>;

/** `readPassword` gives what the relay's password file holds. */
export function toRemoteSettings(
  { settings, relay, timeouts }: OutboundContent,
  readPassword: (file: string) => string,
): RemoteSettings {
  return { ...settings, timeouts, relay: relay === null ? null : toRelay(relay, readPassword) };
}

function toRelay(
  { host, port, user, password_file, tls }: NonNullable<OutboundContent["relay"]>,
  readPassword: (file: string) => string,
): RelaySettings {
  return { host, port, user, password: password_file === null ? null : readPassword(password_file), tls };
}
