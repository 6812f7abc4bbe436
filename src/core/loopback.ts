/** Whether an IP address is one of this machine itself, mapped IPv4 included (RFC 5735, RFC 4291). */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./i.test(address);
}
