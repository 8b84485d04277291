import { describe, expect, it } from 'vitest';
import { compareVersions, flavorOf, isAtLeast, parseVersion } from '../../../src/core/topology/version.js';

describe('versions', () => {
  it('reads what servers say', () => {
    const numbers = (text: string): number[] => {
      const { major, minor, patch } = parseVersion(text);
      return [major, minor, patch];
    };
    expect(numbers('9.7.0')).toEqual([9, 7, 0]);
    expect(numbers('5.7.36-log')).toEqual([5, 7, 36]);
    expect(numbers('8.0.36-28.1')).toEqual([8, 0, 36]);
    expect(numbers('10.11.6-MariaDB-0+deb12u1-log')).toEqual([10, 11, 6]);
    expect(numbers('5.5.5-10.4.32-MariaDB')).toEqual([10, 4, 32]);
    expect(numbers('5.5.5')).toEqual([5, 5, 5]);
    expect(numbers('8.4')).toEqual([8, 4, 0]);
    expect(numbers('maxscale')).toEqual([0, 0, 0]);
    expect(parseVersion('5.7.36-log').text).toBe('5.7.36-log');
  });

  it('compares numbers, not text', () => {
    const order = ['5.6.51', '5.7.9', '5.7.44', '8.0.4', '8.0.14', '8.4.0', '9.7.0', '10.4.2', '10.11.0'];
    const shuffled = [...order].sort();
    expect(shuffled).not.toEqual(order);
    expect(shuffled.sort((one, other) => compareVersions(parseVersion(one), parseVersion(other)))).toEqual(order);
  });

  it('draws the line at the version itself', () => {
    expect(isAtLeast(parseVersion('8.0.26'), 8, 0, 26)).toBe(true);
    expect(isAtLeast(parseVersion('8.0.25'), 8, 0, 26)).toBe(false);
    expect(isAtLeast(parseVersion('8.1.0'), 8, 0, 26)).toBe(true);
    expect(isAtLeast(parseVersion('9.0.0'), 8, 4)).toBe(true);
  });

  it('tells flavours apart by both texts', () => {
    expect(flavorOf('9.7.0', 'MySQL Community Server - GPL')).toBe('MySQL');
    expect(flavorOf('8.0.36-28', 'Percona Server (GPL), Release 28')).toBe('Percona');
    expect(flavorOf('10.11.6-MariaDB-log', 'Debian 12')).toBe('MariaDB');
    expect(flavorOf('10.6.1-log', 'MariaDB Enterprise Server')).toBe('MariaDB');
    expect(flavorOf('', '')).toBe('unknown');
  });
});
