require "vacation";
vacation :subject "Auf Reisen: später" :handle "trip" "I am away.";
