const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const bytes = text => Uint8Array.from(atob(text), sign => sign.charCodeAt(0)).buffer;

/* A pen whose unit is a pixel of the page, with letters of a size; the canvas's width and height. */
function surface(canvas, size) {
  const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
  canvas.width = box.width * ratio;
  canvas.height = box.height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.font = size + "px system-ui, sans-serif";
  return [pen, box.width, box.height];
}
