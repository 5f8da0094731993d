// ACL entries as the console shows and makes them.

import type { AclEntry } from '../api/types';

export const PERMS = [
  ['c', 'create', 'make children'],
  ['d', 'delete', 'delete children'],
  ['r', 'read', 'read data, ACL and the list of children'],
  ['w', 'write', 'change data'],
  ['a', 'admin', 'change the ACL'],
] as const;

export const SCHEMES = ['world', 'auth', 'digest', 'ip', 'x509', 'sasl'] as const;

export const OPEN_ACL: readonly AclEntry[] = [{ scheme: 'world', id: 'anyone', perms: 'cdrwa' }];

// null: fine
export function wrongWith(acl: readonly AclEntry[]): string | null {
  if (acl.length === 0) return 'An ACL has one entry at least.';
  for (const { scheme, id, perms } of acl) {
    if (perms === '') return `${scheme}:${id} may do nothing: tick a permission, or remove it.`;
    if (scheme === 'digest' && !/^[^:]+:[A-Za-z0-9+/]{27}=$/.test(id)) {
      return 'The id of a digest entry is user:hash. “Make from a password” makes one.';
    }
    if (scheme === 'ip' && id === '') return 'The id of an ip entry is an address, or address/bits.';
  }
  return null;
}
