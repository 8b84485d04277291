import { describe, expect, test } from 'vitest';
import { DiskProgress } from '../../../src/core/raft/disk-progress.js';
import { id } from './cluster.js';

const fresh = (): DiskProgress => new DiskProgress(0, { term: 1, vote: null, commit: 0 });

describe('what is on disk', () => {
  test('a sync speaks for all Readies up to its number', () => {
    const disk = fresh();
    disk.hand(3, null);
    const second = disk.hand(5, null);
    disk.hand(9, null);
    disk.synced(second);
    expect(disk.syncedIndex).toBe(5);
  });

  test('a sync proves nothing about entries that were cut while it was under way', () => {
    const disk = fresh();
    const first = disk.hand(5, null);
    disk.cutFrom(3);
    // The same indexes again, with other entries, in the next Ready.
    const second = disk.hand(6, null);
    disk.synced(first);
    expect(disk.syncedIndex).toBe(2);
    disk.synced(second);
    expect(disk.syncedIndex).toBe(6);
  });

  test('a snapshot that replaces the log voids what is under way', () => {
    const disk = fresh();
    const first = disk.hand(50, null);
    disk.reset(20);
    disk.synced(first);
    expect([disk.syncedIndex, disk.handedIndex]).toEqual([20, 20]);
  });

  test('after a failure everything since the last sync is handed out again', () => {
    const disk = fresh();
    disk.synced(disk.hand(2, { term: 2, vote: null, commit: 0 }));
    disk.hand(7, { term: 3, vote: id('b'), commit: 0 });
    expect(disk.wantsHardState(3, id('b'))).toBe(false);
    disk.failed();
    expect(disk.handedIndex).toBe(2);
    expect(disk.wantsHardState(3, id('b'))).toBe(true);
  });

  test('a vote is safe when its own Ready is', () => {
    const disk = fresh();
    const number = disk.hand(0, { term: 2, vote: id('a'), commit: 0 });
    expect([disk.syncedTerm, disk.syncedVote]).toEqual([1, null]);
    disk.synced(number);
    expect([disk.syncedTerm, disk.syncedVote]).toEqual([2, 'a']);
  });

  test('a Ready that was never handed out cannot be synced', () => {
    expect(() => fresh().synced(1)).toThrow(/last Ready was 0/);
  });
});
