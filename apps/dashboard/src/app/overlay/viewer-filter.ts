import { DEFAULT_FILTER, filterQuery, type ViewerFilter, viewerFilter } from '@media-analyzer/protocol';

/** The classes of a filter: all but some (`exceptLabels`), or none but some (`labels`). A class can be named before it is seen. */
type Classes = Pick<ViewerFilter, 'labels' | 'exceptLabels'>;

/** Every class counts. */
export const ALL_CLASSES: Classes = { labels: undefined, exceptLabels: undefined };
/** No class counts. */
export const NO_CLASS: Classes = { labels: [], exceptLabels: undefined };

/** The classes that the viewer named, in or out. */
export function namedClasses({ labels, exceptLabels }: ViewerFilter): readonly string[] {
  return labels ?? exceptLabels ?? [];
}

/** Whether this is the only class that the viewer wants. */
export function isOnly({ labels }: ViewerFilter, label: string): boolean {
  return labels?.length === 1 && labels[0] === label;
}

/** The classes with one of them switched over. */
export function toggleClass(filter: ViewerFilter, label: string): Classes {
  const named = namedClasses(filter);
  const changed = named.includes(label) ? named.filter((other) => other !== label) : [...named, label];
  return filter.labels ? { ...NO_CLASS, labels: changed } : { ...ALL_CLASSES, exceptLabels: changed };
}

/** Only this class; all classes again when it was the only one already. */
export function onlyClass(filter: ViewerFilter, label: string): Classes {
  return isOnly(filter, label) ? ALL_CLASSES : { ...NO_CLASS, labels: [label] };
}

/** Two filters are the same when they ask the same of the server. */
export function sameFilter(a: ViewerFilter, b: ViewerFilter): boolean {
  return filterText(a) === filterText(b);
}

/** A filter as it is kept in the browser: as its query. */
export function filterText(filter: ViewerFilter): string {
  return filterQuery(filter).toString();
}

/** Reads a filter that was kept in the browser; the default where it cannot be read. */
export function parseFilter(text: string | null): ViewerFilter {
  const parsed = viewerFilter.safeParse(Object.fromEntries(new URLSearchParams(text ?? '')));
  return parsed.success ? parsed.data : DEFAULT_FILTER;
}
