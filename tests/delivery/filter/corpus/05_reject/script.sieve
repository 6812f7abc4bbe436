require "reject";
reject text:
No more of this.
Please stop.
.
;
