/**
 * Which transactions a server is committing, from its `gtid_owned`: `uuid:7#41:8#42`, each with the thread that has it.
 *
 * What comes from two writers stands there with nothing between them (9.7: `uuid:7#41uuid:3#12`), so that the digits of a
 * thread run into those of the next UUID. A UUID has as many digits as it has, which tells them apart. Taken for one number
 * they made a set that nobody can read, and a server that takes writes and applies those of another could not be looked at.
 */
const WRITER = /(?:#\d+?)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/gi;
const THREAD = /#\d+/g;

/** A GTID set; '' where nothing is being committed. */
export function committingIn(owned: string): string {
  return owned
    .replaceAll(WRITER, ',$1')
    .replaceAll(THREAD, '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .join(',');
}
