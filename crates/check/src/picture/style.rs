//! How a report looks, light and dark. Colours are named by what they say; none says anything that
//! the words beside it do not.

/// The style sheet.
pub const STYLE: &str = "
:root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--ink:#1d2227;--faint:#68737d;--line:#dcdfe2;
--land:#e4e8e1;--holds:#1b7f4b;--refuted:#c0272d;--unknown:#9a6b00;--read:#2468b4;--write:#b4581a;--fault:#c0272d}
@media (prefers-color-scheme:dark){:root{--paper:#14181c;--card:#1b2026;--ink:#e4e8eb;--faint:#93a0ab;
--line:#333b43;--land:#2a323a;--holds:#4cc38a;--refuted:#ff7b72;--unknown:#e3b341;--read:#6cb0f5;--write:#f0a05c;--fault:#ff7b72}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif}main{max-width:1080px;margin:0 auto;padding:28px 20px 60px}
header{border-left:6px solid var(--line);padding:2px 0 2px 18px;margin-bottom:20px}
header.holds{border-color:var(--holds)}header.refuted,header.violated{border-color:var(--refuted)}header.unknown{border-color:var(--unknown)}
.word{margin:0;font-size:15px;font-weight:700;text-transform:uppercase;letter-spacing:.09em}
.holds .word{color:var(--holds)}.refuted .word,.violated .word{color:var(--refuted)}.unknown .word{color:var(--unknown)}
h1{margin:0;font-size:clamp(24px,6vw,32px);line-height:1.2;overflow-wrap:anywhere}h2{font-size:19px;margin:0 0 10px}.summary{margin:2px 0 8px;color:var(--faint)}
.sentence{margin:0;font-size:18px}section{background:var(--card);border:1px solid var(--line);border-radius:10px;
padding:16px 18px;margin:16px 0;overflow-x:auto}figure{margin:0}figcaption,.faint{color:var(--faint);font-size:13px}
figure{overflow-x:auto}svg{display:block;width:100%;min-width:760px;height:auto;margin-bottom:6px}svg text{font:11px system-ui,sans-serif;fill:var(--ink)}
svg .dim{fill:var(--faint)}svg .bold{font-weight:700}
svg .label{stroke:var(--card);stroke-width:3px;stroke-linejoin:round;paint-order:stroke}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:4px 12px 4px 0;
border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}thead th{color:var(--faint);font-size:13px}
tbody th{font-weight:600;white-space:nowrap}tr:last-child td,tr:last-child th{border-bottom:0}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.pill{font-weight:700;font-size:13px}.pill.holds{color:var(--holds)}.pill.refuted,.pill.violated{color:var(--refuted)}
.pill.unknown{color:var(--unknown)}code{font:13px/1.45 ui-monospace,'DejaVu Sans Mono',monospace}
p code{overflow-wrap:anywhere}td code{white-space:nowrap}p{margin:8px 0}ul{margin:10px 0 0;padding-left:20px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(105px,1fr));gap:10px;margin:0}
.figures div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:8px 12px}
dt{color:var(--faint);font-size:13px}dd{margin:0;font-size:18px;font-weight:600;font-variant-numeric:tabular-nums;white-space:nowrap}
@media (max-width:560px){main{padding:16px 10px 40px}section{padding:12px}
.judges td,.judges th{display:block;border:0;padding:0}.judges tr{display:block;padding:6px 0;border-bottom:1px solid var(--line)}}
@media print{section{break-inside:avoid}}
";
