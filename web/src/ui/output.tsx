/** A statement's output. HTML goes into a frame in which nothing runs: no script, no form, no navigation, and by the page's policy nothing from elsewhere. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Output } from '../api/livy';
import frameStyle from '../style/frame.css?url';

const ANSI = /\x1b\[[0-9;]*m/g;

export function OutputView({ output, number }: { output: Output; number: number }) {
  if (output.status !== 'error') return <DataView data={output.data} number={number} />;
  const trace = (output.traceback ?? [])
    .slice(output.printed ?? 0)
    .join('')
    .replace(ANSI, '');
  return (
    <>
      <DataView data={output.data} number={number} />
      <div class="output-error">
        <p>
          <strong>{output.ename}</strong>
          {output.evalue ? `: ${output.evalue.replace(ANSI, '')}` : ''}
        </p>
        {trace && (
          <details>
            <summary>Traceback</summary>
            <pre class="code" tabIndex={0} aria-label={`Traceback of statement ${number}`}>
              {trace}
            </pre>
          </details>
        )}
      </div>
    </>
  );
}

function DataView({ data = {}, number }: { data?: Output['data']; number: number }) {
  const text = asText(data['text/plain']);
  const picture = asText(data['image/png']);
  return (
    <div class="output">
      {data['text/html'] ? (
        <HtmlFrame html={asText(data['text/html'])} title={`Output of statement ${number}`} />
      ) : picture ? (
        <img alt={`Picture made by statement ${number}`} src={`data:image/png;base64,${picture.replace(/\s/g, '')}`} />
      ) : text ? (
        <pre tabIndex={0} aria-label={`Output of statement ${number}`}>
          {text.replace(ANSI, '')}
        </pre>
      ) : null}
    </div>
  );
}

const asText = (value: unknown): string =>
  Array.isArray(value)
    ? value.join('')
    : typeof value === 'string'
      ? value
      : value === undefined
        ? ''
        : JSON.stringify(value, null, 2);

/** the rows that display() shows, with the line below them that says how many more there are */
const TALLEST = 800;

/** allow-same-origin without allow-scripts: the page may measure the frame, and the frame may do nothing. */
function HtmlFrame({ html, title }: { html: string; title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(80);
  const measure = () => {
    const body = frame.current?.contentDocument?.documentElement;
    if (body) setHeight(Math.min(body.scrollHeight + 2, TALLEST));
  };
  useEffect(() => {
    const timer = setInterval(measure, 200);
    const end = setTimeout(() => clearInterval(timer), 2000);
    return () => {
      clearInterval(timer);
      clearTimeout(end);
    };
  }, [html]);
  const theme = document.documentElement.dataset.theme ?? '';
  const page = `<!doctype html><html data-theme="${theme}"><head><meta charset="utf-8"><link rel="stylesheet" href="${frameStyle}"></head><body>${html}</body></html>`;
  return (
    <iframe
      ref={frame}
      class="html-output"
      sandbox="allow-same-origin"
      title={title}
      srcdoc={page}
      style={{ height: `${height}px` }}
      onLoad={measure}
    />
  );
}
