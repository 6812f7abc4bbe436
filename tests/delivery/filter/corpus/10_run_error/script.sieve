require ["variables", "fileinto"];
set "x" "${x}";
fileinto "Archive";
redirect "${x}";
