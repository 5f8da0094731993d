// A few strokes each, drawn on a grid of 16.

const PATHS = {
  crook: 'M6 14V6.2a2.7 2.7 0 1 1 5.4 0v.9',
  ensemble: 'M8 2.5 13 5.4v5.2L8 13.5l-5-2.9V5.4zM8 8l5-2.6M8 8v5.5M8 8 3 5.4',
  tree: 'M3 3.5h4M5 3.5v9h3M5 8h3M9.5 8h4M9.5 12.5h4',
  sessions: 'M2.5 4h11v6.5h-11zM5.5 13h5M8 10.5V13',
  activity: 'M2 9h2.7l2-5.5 3 9 1.9-5H14',
  chevron: 'm6 4 4 4-4 4',
  plus: 'M8 3.5v9M3.5 8h9',
  trash: 'M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5',
  pencil: 'M3 13l.6-2.8L10.8 3l2.2 2.2-7.2 7.2z',
  copy: 'M6 6h7v7H6zM3 10V3h7',
  check: 'm3.5 8.5 3 3 6-7',
  close: 'm4 4 8 8M12 4l-8 8',
  key: 'M9.5 9.5a3.2 3.2 0 1 0-3-3L2.5 10.5v3h3v-2h2z',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1',
  moon: 'M13 9.6A5.5 5.5 0 0 1 6.4 3a5.5 5.5 0 1 0 6.6 6.6z',
  search: 'M7 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM10 10l3.5 3.5',
  back: 'M13 8H3.5M7 4 3 8l4 4',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
