{{- define "crmlink.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "crmlink.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "crmlink.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "crmlink.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "crmlink.selectorLabels" -}}
app.kubernetes.io/name: {{ include "crmlink.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "crmlink.ownLabels" -}}
{{ include "crmlink.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- /* The chart's own labels win over those of the values: selectors depend on them. */ -}}
{{- define "crmlink.labels" -}}
{{- toYaml (merge (include "crmlink.ownLabels" . | fromYaml) .Values.commonLabels) -}}
{{- end -}}

{{- define "crmlink.podLabels" -}}
{{- toYaml (merge (include "crmlink.labels" . | fromYaml) .Values.podLabels) -}}
{{- end -}}

{{- define "crmlink.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "crmlink.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* Cluster-wide names carry the namespace, so that releases of the same name do not share a role. */ -}}
{{- define "crmlink.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "crmlink.fullname" .) -}}
{{- end -}}

{{- define "crmlink.keySecretName" -}}
{{- default (printf "%s-key" (include "crmlink.fullname" .)) .Values.keySecret -}}
{{- end -}}

{{- define "crmlink.claimName" -}}
{{- default (printf "%s-store" (include "crmlink.fullname" .)) .Values.store.existingClaim -}}
{{- end -}}

{{- define "crmlink.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}
