import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** True for host names and addresses that always mean this very machine. */
export function isLoopback(name: string): boolean {
  const address = name.replace(/^\[(.*)\]$/, '$1');
  const version = isIP(address);
  if (version === 0) return name === 'localhost' || name.endsWith('.localhost');
  return loopback.check(address, version === 6 ? 'ipv6' : 'ipv4');
}
