// Everything that a page may need; each module looks for its own elements and is silent without them.
import "./bell.js";
import "./connect.js";
import "./copy.js";
import "./counter.js";
import "./elapsed.js";
import "./inbox.js";
import "./live.js";
import "./morphing.js";
import "./now.js";
import "./outlet-switcher.js";
import "./picture.js";
import "./price.js";
import "./reveal.js";
import "./toasts.js";
