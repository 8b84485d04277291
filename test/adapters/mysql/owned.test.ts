import { expect, it } from 'vitest';
import { committingIn } from '../../../src/adapters/mysql/steps/reading/owned.js';
import { parseGtidSet } from '../../../src/core/topology/gtid-set.js';

const [ONE, OTHER, THIRD] = [
  '2a402cee-4065-455b-944b-264bb48de3d3',
  '77593da8-24d3-412d-b4c7-9b6818d4ead5',
  'ad8a6c00-d23e-4428-882c-50b737a44dcc',
];

// The second as 9.7 wrote it.
it.each([
  ['', ''],
  [`${ONE}:1#18${OTHER}:5#13`, `${ONE}:1,${OTHER}:5`],
  [`${ONE}:1#18:3#19`, `${ONE}:1:3`],
  [`${ONE}:1#18${THIRD}:5#13${OTHER}:7#9:8#123456`, `${ONE}:1,${THIRD}:5,${OTHER}:7:8`],
  [`${ONE}:blue:1#18${OTHER}:5#13`, `${ONE}:blue:1,${OTHER}:5`],
  [`${ONE}:1#18,${OTHER}:5#13`, `${ONE}:1,${OTHER}:5`],
])('of "%s" the transactions are "%s", whichever threads have them', (owned, committing) => {
  expect(committingIn(owned)).toBe(committing);
  expect(parseGtidSet(committingIn(owned)).ok).toBe(true);
});
