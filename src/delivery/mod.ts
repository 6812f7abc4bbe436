/**
 * The delivery room: the couriers that carry a message to where it belongs, each behind the queue's `Courier`.
 *
 * A courier takes one attempt (one message, recipients of one domain) and resolves with one outcome for each recipient; nothing
 * that a remote host or the network does makes it throw. It keeps no queue and writes no reports: when, and whether again, is
 * the queue's to decide.
 *
 * `remote/` finds the next host by MX and speaks SMTP. Mail for our own accounts needs no courier: the door stores it.
 *
 * @module
 */
export {
  defaultRemoteSettings,
  makeRemoteCourier,
  type RelaySettings,
  type RemoteCourier,
  type RemoteCourierDeps,
  type RemoteSettings,
  type RouteRule,
} from "./remote/mod.ts";
