/** A small line chart: one series over its steps, with what it says in words for those who do not see it. */
import { useState } from 'preact/hooks';

export interface Point {
  x: number;
  y: number;
}

const WIDTH = 320,
  HEIGHT = 120,
  PAD = 6;

export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(3);
  return value.toLocaleString('en', { maximumSignificantDigits: 5 });
}

export function LineChart({ name, points }: { name: string; points: Point[] }) {
  const [at, setAt] = useState<number | null>(null);
  const good = points.filter((point) => Number.isFinite(point.y));
  if (!good.length) return <p class="faint">No finite values.</p>;
  const xs = good.map((point) => point.x),
    ys = good.map((point) => point.y);
  const left = Math.min(...xs),
    right = Math.max(...xs),
    low = Math.min(...ys),
    high = Math.max(...ys);
  const px = (x: number) => PAD + ((x - left) / (right - left || 1)) * (WIDTH - 2 * PAD);
  const py = (y: number) => HEIGHT - PAD - ((y - low) / (high - low || 1)) * (HEIGHT - 2 * PAD);
  const line = good.map((point, i) => `${i ? 'L' : 'M'}${px(point.x).toFixed(1)} ${py(point.y).toFixed(1)}`).join('');
  const shown = at === null ? good.length - 1 : at;
  const nearest = (event: PointerEvent) => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect(),
      x = ((event.clientX - box.left) / box.width) * WIDTH;
    let best = 0;
    good.forEach((point, i) => {
      if (Math.abs(px(point.x) - x) < Math.abs(px(good[best]!.x) - x)) best = i;
    });
    setAt(best);
  };
  const point = good[shown]!;
  return (
    <figure class="chart">
      <figcaption>
        <span>{name}</span>
        <strong>{number(point.y)}</strong>
        <span class="faint">{at === null ? `last of ${good.length}` : `step ${number(point.x)}`}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${name}: ${good.length} values from ${number(low)} to ${number(high)}, the last ${number(ys[ys.length - 1]!)}`}
        preserveAspectRatio="none"
        onPointerMove={nearest}
        onPointerLeave={() => setAt(null)}
      >
        {[0.25, 0.5, 0.75].map((part) => (
          <path key={part} class="grid" d={`M0 ${HEIGHT * part}H${WIDTH}`} />
        ))}
        <path class="area" d={`${line}L${px(right)} ${HEIGHT}L${px(left)} ${HEIGHT}Z`} />
        <path class="line" d={line} />
        {at !== null && <path class="at" d={`M${px(point.x)} 0V${HEIGHT}`} />}
      </svg>
      <p class="range">
        <span>{number(low)}</span>
        <span>{number(high)}</span>
      </p>
    </figure>
  );
}
