require "replace";
replace "Nothing to see.";
