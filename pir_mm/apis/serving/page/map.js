// A map of footprints in Web Mercator: a net of degrees, or tiles of a server, below them.

const SVG = 'http://www.w3.org/2000/svg';
const TILE = 256;
const MAX_LATITUDE = 85.0511;
const MAX_ZOOM = 22;
const SMALLEST = 9; // pixels below which a footprint is shown as a dot
const STEPS = [60, 30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001,
  0.0005, 0.0002, 0.0001];

// Longitude and latitude to the unit square, and back.
export function project([longitude, latitude]) {
  const bounded = Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, latitude));
  const sine = Math.sin((bounded * Math.PI) / 180);
  return [longitude / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

export function unproject([x, y]) {
  const latitude = (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
  return [(x - 0.5) * 360, latitude];
}

export function ringsOf(geometry) {
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
  return polygons.map((polygon) => polygon[0]);
}

function make(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function degrees(value, step, signs) {
  const digits = Math.max(0, Math.ceil(-Math.log10(step)));
  const sign = Math.abs(value) < step / 2 ? '' : ` ${value < 0 ? signs[0] : signs[1]}`;
  return `${Math.abs(value).toFixed(digits)}°${sign}`;
}

export class FootprintMap {
  // `choose(id)` is called on a click at a footprint, `drawn(box)` with a drawn box, `moved(point)`
  // with longitude and latitude below the pointer.
  constructor(element, { choose, drawn, moved }) {
    this.element = element;
    this.callbacks = { choose, drawn, moved };
    this.centre = [0.5, 0.5];
    this.zoom = 0; // the world is TILE * 2 ** zoom pixels wide
    this.places = [];
    this.chosen = null;
    this.box = null;
    this.tiles = null;
    this.isDrawing = false;
    this.home = [-180, -70, 180, 78];
    this.svg = make('svg', { 'aria-hidden': 'true' });
    element.append(this.svg);
    this.listen();
    new ResizeObserver(() => this.resized()).observe(element);
  }

  get size() {
    return [this.element.clientWidth || 1, this.element.clientHeight || 1];
  }

  get scale() {
    return TILE * 2 ** this.zoom;
  }

  toScreen(point) {
    const [x, y] = project(point);
    const [width, height] = this.size;
    return [(x - this.centre[0]) * this.scale + width / 2,
      (y - this.centre[1]) * this.scale + height / 2];
  }

  toEarth([column, row]) {
    const [width, height] = this.size;
    const x = (column - width / 2) / this.scale + this.centre[0];
    const y = (row - height / 2) / this.scale + this.centre[1];
    return unproject([Math.max(0, Math.min(1, x)), Math.max(0, Math.min(1, y))]);
  }

  // Show a box of west, south, east and north; nothing is shown beyond 180 degrees.
  fit([west, south, east, north]) {
    const [left, bottom] = project([west, south]);
    const [right, top] = project([east, north]);
    const [width, height] = this.size;
    const across = Math.log2(width / TILE / Math.max(right - left, 1e-9) / 1.25);
    const down = Math.log2(height / TILE / Math.max(bottom - top, 1e-9) / 1.25);
    this.centre = [(left + right) / 2, (top + bottom) / 2];
    this.zoom = Math.max(0, Math.min(across, down, MAX_ZOOM - 2));
    this.isFitted = [west, south, east, north];
    this.draw();
  }

  fitHome() {
    const points = this.places.flatMap((place) => ringsOf(place.geometry).flat());
    if (!points.length) {
      this.fit(this.home);
      return;
    }
    const longitudes = points.map((point) => point[0]);
    const latitudes = points.map((point) => point[1]);
    this.fit([Math.min(...longitudes), Math.min(...latitudes), Math.max(...longitudes),
      Math.max(...latitudes)]);
  }

  show(places) {
    this.places = places;
    this.chosen = null;
    this.fitHome();
  }

  // Mark a place. With `isShown` it is brought into the middle if it is out of sight or a dot.
  choose(id, isShown) {
    this.chosen = id;
    const place = this.places.find((some) => some.id === id);
    if (place && isShown) {
      const [width, height] = this.size;
      const [west, south, east, north] = boundsOf(place.geometry);
      const [left, top] = this.toScreen([west, north]);
      const [right, bottom] = this.toScreen([east, south]);
      const isDot = Math.max(right - left, bottom - top) < SMALLEST;
      if (isDot || right < 0 || bottom < 0 || left > width || top > height) {
        const [across, along] = [2 * (east - west), 2 * (north - south)];
        this.fit([west - across, south - along, east + across, north + along]);
      }
    }
    this.draw();
  }

  setBox(box) {
    this.box = box;
    this.draw();
  }

  setDrawing(isDrawing) {
    this.isDrawing = isDrawing;
    this.element.classList.toggle('drawing', isDrawing);
  }

  zoomBy(steps, at) {
    const [width, height] = this.size;
    const [column, row] = at || [width / 2, height / 2];
    const before = this.scale;
    this.zoom = Math.max(0, Math.min(MAX_ZOOM, this.zoom + steps));
    const gain = 1 / before - 1 / this.scale;
    this.pan((column - width / 2) * gain, (row - height / 2) * gain);
  }

  // By shares of the world.
  pan(x, y) {
    this.centre = [Math.max(0, Math.min(1, this.centre[0] + x)),
      Math.max(0, Math.min(1, this.centre[1] + y))];
    this.isFitted = null;
    this.draw();
  }

  resized() {
    if (this.isFitted) this.fit(this.isFitted);
    else this.draw();
  }

  draw() {
    this.svg.replaceChildren();
    if (this.tiles) this.drawTiles();
    this.drawNet();
    const chosenLast = [...this.places].reverse();
    chosenLast.sort((a, b) => (a.id === this.chosen) - (b.id === this.chosen));
    chosenLast.forEach((place) => this.drawPlace(place));
    if (this.box) this.drawBox();
  }

  drawNet() {
    const [width, height] = this.size;
    const [west, north] = this.toEarth([0, 0]);
    const [east, south] = this.toEarth([width, height]);
    const step = STEPS.findLast((some) => (some / 360) * this.scale >= 70) || STEPS[0];
    for (let line = Math.ceil(west / step); line * step <= east; line += 1) {
      const [x] = this.toScreen([line * step, 0]);
      this.svg.append(make('line', { x1: x, x2: x, y1: 0, y2: height, class: 'net' }));
      const words = degrees(line * step, step, ['W', 'E']);
      this.svg.append(make('text', { x: x + 3, y: height - 5, class: 'degree' }, words));
    }
    for (let line = Math.ceil(south / step); line * step <= north; line += 1) {
      const [, y] = this.toScreen([0, line * step]);
      this.svg.append(make('line', { x1: 0, x2: width, y1: y, y2: y, class: 'net' }));
      const words = degrees(line * step, step, ['S', 'N']);
      this.svg.append(make('text', { x: 4, y: y - 4, class: 'degree' }, words));
    }
  }

  drawTiles() {
    const zoom = Math.max(0, Math.min(19, Math.round(this.zoom)));
    const count = 2 ** zoom;
    const side = this.scale / count;
    const [width, height] = this.size;
    const left = width / 2 - this.centre[0] * this.scale;
    const top = height / 2 - this.centre[1] * this.scale;
    const first = [Math.max(0, Math.floor(-left / side)), Math.max(0, Math.floor(-top / side))];
    for (let column = first[0]; column < count && left + column * side < width; column += 1) {
      for (let row = first[1]; row < count && top + row * side < height; row += 1) {
        const href = this.tiles.replace('{z}', zoom).replace('{x}', column).replace('{y}', row);
        this.svg.append(make('image', { href, x: left + column * side, y: top + row * side,
          width: side + 0.5, height: side + 0.5, preserveAspectRatio: 'none' }));
      }
    }
  }

  drawPlace(place) {
    const rings = ringsOf(place.geometry).map((ring) => ring.map((point) => this.toScreen(point)));
    const chosen = place.id === this.chosen ? ' chosen' : '';
    const [x, y] = this.toScreen(middle(place.geometry));
    const all = rings.flat();
    const extent = Math.max(...[0, 1].map((axis) => Math.max(...all.map((p) => p[axis]))
      - Math.min(...all.map((p) => p[axis]))));
    const path = rings.map((ring) => `M${ring.map((point) => point.join(' ')).join('L')}Z`).join('');
    const shape = extent < SMALLEST
      ? make('circle', { cx: x, cy: y, r: 6, class: `dot${chosen}` })
      : make('path', { d: path, class: `place${chosen}` });
    shape.append(make('title', {}, `${place.rank}: ${place.name}`));
    shape.dataset.id = place.id;
    this.svg.append(shape);
    if (extent >= 24 || chosen) {
      const above = extent < SMALLEST ? 16 : 0;
      this.svg.append(make('text', { x, y: y - above, class: 'number' }, place.rank));
    }
  }

  drawBox() {
    const [west, south, east, north] = this.box;
    const spans = west <= east ? [[west, east]] : [[west, 180], [-180, east]];
    for (const [from, to] of spans) {
      const [left, top] = this.toScreen([from, north]);
      const [right, bottom] = this.toScreen([to, south]);
      this.svg.append(make('rect', { x: left, y: top, width: Math.max(1, right - left),
        height: Math.max(1, bottom - top), class: 'box' }));
    }
  }

  listen() {
    const { element } = this;
    const at = (event) => {
      const frame = element.getBoundingClientRect();
      return [event.clientX - frame.left - element.clientLeft,
        event.clientY - frame.top - element.clientTop];
    };
    let start = null;
    let last = null;
    element.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      start = at(event);
      last = start;
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener('pointermove', (event) => {
      const now = at(event);
      this.callbacks.moved(this.toEarth(now));
      if (!last) return;
      if (this.isDrawing) this.setBox(this.boxBetween(start, now));
      else this.pan((last[0] - now[0]) / this.scale, (last[1] - now[1]) / this.scale);
      last = now;
    });
    element.addEventListener('pointerup', (event) => {
      if (!start) return;
      const now = at(event);
      const isClick = Math.hypot(now[0] - start[0], now[1] - start[1]) < 4;
      if (this.isDrawing && !isClick) this.callbacks.drawn(this.boxBetween(start, now));
      const target = document.elementFromPoint(event.clientX, event.clientY);
      const id = target && target.dataset && target.dataset.id;
      if (isClick && id !== undefined) this.callbacks.choose(Number(id));
      start = null;
      last = null;
    });
    element.addEventListener('pointercancel', () => {
      start = null;
      last = null;
    });
    element.addEventListener('wheel', (event) => {
      event.preventDefault();
      this.zoomBy(Math.max(-1, Math.min(1, -event.deltaY / 240)), at(event));
    }, { passive: false });
    element.addEventListener('keydown', (event) => {
      const far = 60 / this.scale;
      const actions = {
        ArrowLeft: () => this.pan(-far, 0),
        ArrowRight: () => this.pan(far, 0),
        ArrowUp: () => this.pan(0, -far),
        ArrowDown: () => this.pan(0, far),
        '+': () => this.zoomBy(1),
        '=': () => this.zoomBy(1),
        '-': () => this.zoomBy(-1),
        0: () => this.fitHome(),
      };
      if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      actions[event.key]();
    });
  }

  boxBetween(a, b) {
    const [west, north] = this.toEarth([Math.min(a[0], b[0]), Math.min(a[1], b[1])]);
    const [east, south] = this.toEarth([Math.max(a[0], b[0]), Math.max(a[1], b[1])]);
    return [west, south, east, north];
  }
}

// West, south, east and north of the first polygon.
function boundsOf(geometry) {
  const ring = ringsOf(geometry)[0];
  const longitudes = ring.map((point) => point[0]);
  const latitudes = ring.map((point) => point[1]);
  return [Math.min(...longitudes), Math.min(...latitudes), Math.max(...longitudes),
    Math.max(...latitudes)];
}

function middle(geometry) {
  const [west, south, east, north] = boundsOf(geometry);
  return [(west + east) / 2, (south + north) / 2];
}
