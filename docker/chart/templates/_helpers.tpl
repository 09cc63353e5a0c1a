{{- define "redstart.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "redstart.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "redstart.labels" -}}
{{ include "redstart.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "redstart.image" -}}
{{- if .Values.image.digest }}{{ printf "%s@%s" .Values.image.repository .Values.image.digest }}{{ else }}{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}{{ end }}
{{- end }}

{{- define "redstart.account" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "redstart.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{- /* "true" where the replicas share a database: nothing in /data has to be kept then. */ -}}
{{- define "redstart.shared" -}}
{{- if hasKey .Values.secrets "REDSTART_DATABASE_URL" }}true{{ end }}
{{- end }}

{{- /* "true" where /data is a volume that is kept. */ -}}
{{- define "redstart.kept" -}}
{{- if and .Values.persistence.enabled (not (include "redstart.shared" .)) }}true{{ end }}
{{- end }}

{{- /* What the schema cannot say. */ -}}
{{- define "redstart.check" -}}
{{- $sources := 0 }}
{{- if .Values.flows.configMap }}{{ $sources = add $sources 1 }}{{ end }}
{{- if .Values.flows.volume }}{{ $sources = add $sources 1 }}{{ end }}
{{- if .Values.flows.git.url }}{{ $sources = add $sources 1 }}{{ end }}
{{- if ne (int $sources) 1 }}{{ fail "flows: set exactly one of flows.configMap, flows.volume, flows.git.url" }}{{ end }}
{{- if and (gt (int .Values.replicas) 1) (not (include "redstart.shared" .)) }}{{ fail "replicas: more than one needs REDSTART_DATABASE_URL in secrets; without it each would run every flow" }}{{ end }}
{{- if and (include "redstart.shared" .) (not (hasKey .Values.secrets "REDSTART_CREDENTIAL_SECRET")) }}{{ fail "secrets: replicas need one REDSTART_CREDENTIAL_SECRET for all" }}{{ end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}{{ fail "ingress: set ingress.host" }}{{ end }}
{{- range $variable, $_ := .Values.env }}
{{- if regexMatch "(TOKEN|PASSWORD|PASSWORD_HASH|SECRET|DATABASE_URL)$" $variable }}{{ fail (printf "env: %s is a secret; name a Secret for it under secrets" $variable) }}{{ end }}
{{- end }}
{{- end }}
