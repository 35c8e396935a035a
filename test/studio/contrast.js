/* Every visible text on the page with less contrast than WCAG AA asks, every control without a name, every picture without a text: as sentences. */
() => {
  const complaints = [];
  const rgb = (text) => {
    const canvas = (window.__canvas ??= Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true }));
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const backdrop = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at), colour = rgb(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05); };
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && element.getClientRects().length && !element.closest('[inert], .off-screen, :disabled, [aria-disabled="true"]');
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!text || !element || ['SCRIPT', 'NOSCRIPT', 'STYLE', 'OPTION'].includes(element.tagName) || !seen(element)) continue;
    const style = getComputedStyle(element), under = backdrop(element), got = ratio(over(rgb(style.color), under), under);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (got < (large ? 3 : 4.5)) complaints.push(`"${text.slice(0, 40)}" has contrast ${got.toFixed(2)}`);
  }
  for (const control of document.querySelectorAll('input:not([type=checkbox]), select, textarea')) {
    if (!seen(control)) continue;
    const under = backdrop(control.parentElement), got = ratio(over(rgb(getComputedStyle(control).borderTopColor), under), under);
    if (got < 3) complaints.push(`the border of a ${control.tagName.toLowerCase()} has contrast ${got.toFixed(2)}`);
  }
  const ids = new Map();
  for (const element of document.querySelectorAll('[id]')) ids.set(element.id, (ids.get(element.id) ?? 0) + 1);
  for (const [id, count] of ids) if (count > 1) complaints.push(`the id "${id}" is there ${count} times`);
  const named = (element) => (element.getAttribute('aria-label') || (element.labels && [...element.labels].map((one) => one.textContent).join('')) || element.textContent || element.title || '').trim()
    || (element.getAttribute('aria-labelledby') ?? '').split(' ').some((id) => document.getElementById(id)?.textContent.trim());
  for (const element of document.querySelectorAll('button, a[href], input, select, textarea, iframe, [role=tab], [role=dialog], dialog, [role=region]'))
    if (!named(element) && !(element.title)) complaints.push(`<${element.tagName.toLowerCase()} class="${element.className}"> has no name`);
  for (const picture of document.querySelectorAll('img:not([alt])')) complaints.push(`a picture without a text: ${picture.src.slice(0, 60)}`);
  for (const [attribute] of [['aria-describedby'], ['aria-labelledby'], ['aria-controls'], ['for']])
    for (const element of document.querySelectorAll(`[${attribute}]`))
      for (const id of element.getAttribute(attribute).split(' ')) if (!document.getElementById(id)) complaints.push(`${attribute}="${id}" names nothing`);
  for (const element of document.querySelectorAll('button, a[href], select, input')) {
    if (!seen(element) || element.matches('p a, .skip')) continue;
    const box = element.getBoundingClientRect();
    if (Math.min(box.width, box.height) < (element.type === 'checkbox' ? 18 : 20)) complaints.push(`a target of ${Math.round(box.width)} x ${Math.round(box.height)}: "${(element.textContent || element.ariaLabel).slice(0, 30)}"`);
  }
  if (document.querySelectorAll('h1').length !== 1) complaints.push(`${document.querySelectorAll('h1').length} headings of the first level`);
  if (document.documentElement.scrollWidth > innerWidth) complaints.push(`the page is ${document.documentElement.scrollWidth} wide, the window ${innerWidth}`);
  return [...new Set(complaints)];
}
