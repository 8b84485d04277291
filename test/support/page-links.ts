// Where the pages of the project lead: a link to a file that was renamed, or a file that is named and gone, sends whoever reads
// at night looking for what is not there.
import { posix } from 'node:path';
import type { ProjectFile } from './tidy-rules.js';

/** Rooms that pages name without saying that they are below src/ or test/. */
const ROOMS = 'src|test|tools|scripts|docs|proto|cluster-compose|core|runtime|adapters|simulation|system|scenarios';
const NAMED = new RegExp(`\`((?:${ROOMS})/[\\w./-]+)\``, 'g');
const LINK = /\]\(([^)\s]+)\)/g;

const outsideFences = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '');

/** As the pages are shown: lower case, words joined by dashes, all other signs left out. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...outsideFences(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** `files`: all of the project; folders are what they lie in. Complaints name the page. */
export function deadLinks(files: readonly ProjectFile[]): string[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const exists = (path: string): boolean =>
    texts.has(path) || files.some((file) => file.path.startsWith(`${path.replace(/\/$/, '')}/`));

  const leadsNowhere = (page: string, link: string): boolean => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = '', anchor = ''] = link.split('#');
    const target = path === '' ? page : posix.join(posix.dirname(page), path);
    if (!exists(target)) return true;
    return anchor !== '' && !anchorsOf(texts.get(target) ?? '').has(anchor);
  };
  const isGone = (path: string): boolean =>
    ![path, `src/${path}`, `test/${path}`].some((one) => exists(one) || exists(`${one}.ts`));

  return files
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) => {
      const links = [...outsideFences(text).matchAll(LINK)].map(([, link = '']) => link);
      const named = [...text.matchAll(NAMED)].map(([, file = '']) => file);
      return [
        ...links.filter((link) => leadsNowhere(path, link)).map((link) => `${path}: the link ${link} leads nowhere`),
        ...named.filter(isGone).map((file) => `${path}: ${file} is not there`),
      ];
    });
}
