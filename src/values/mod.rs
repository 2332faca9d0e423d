//! Words that every room may use: parsed once at the door, valid ever after.
//!
//! Each type says with its `Display` what it accepted, and with its error what to mend. None of them
//! knows a clock, a table or a socket.

mod address;
mod attachment;
mod cipher;
mod content;
mod data_key;
mod domain;
mod enhanced_status;
mod feedback;
mod headers;
mod host_name;
mod ids;
mod labels;
mod notice;
mod permission;
mod personal;
mod public_address;
mod public_url;
mod recipients;
mod relay;
mod reputation;
mod return_path;
mod roll;
mod secret;
mod settings;
mod subject;
mod suppression;
mod template;
mod text;
mod timestamp;
mod token;
mod trace;
mod verdict;
mod webhook_secret;
mod webhook_url;
mod wrapping_key;

pub use address::{Address, AddressError, Mailbox};
pub use attachment::{Attachment, AttachmentFault, MAX_ATTACHMENT_BYTES};
pub use content::EmailContent;
pub use data_key::DataKey;
pub use domain::{DkimKey, DkimKeys, DomainRecord, SendingDomain};
pub use enhanced_status::{EnhancedStatus, EnhancedStatusError};
pub use feedback::FeedbackType;
pub use headers::{ExtraHeaders, HeaderError};
pub use host_name::{HostName, HostNameError};
pub use ids::{
    DomainId, EmailId, EventId, IdError, KeyId, SuppressionId, TemplateId, TenantId, WebhookId,
};
pub use labels::{EmailMetadata, LabelError, Priority, Tags};
pub use notice::{NoticeKind, NoticeKindError, NoticeKinds};
pub use permission::{Permission, PermissionError, Permissions};
pub use personal::{ERASED, Personal};
pub use public_address::is_public;
pub use public_url::{PublicUrl, PublicUrlError, web};
pub use recipients::{MAX_RECIPIENTS, RecipientKind, Recipients, RecipientsError};
pub use relay::{Relay, RelayTls, RelayTlsError};
pub use reputation::{Conduct, ReputationGuard, Share, ShareError};
pub use return_path::{ReturnPath, custom_domain};
pub use roll::{RecipientKey, Roll, shown};
pub use secret::{OpenError, Sealed, Secret, SecretKey, SecretKeyError};
pub use settings::{RateLimit, TenantSettings, Tracking, TrackingWish};
pub use subject::{Subject, SubjectError};
pub use suppression::{SuppressionReason, SuppressionReasonError};
pub use template::{
    Blanks, ParsedTemplate, RenderFault, Rendered, SyntaxFault, TemplateData, TemplateName,
    TemplateNameError, TemplatePart, TemplateRef, TemplateSource, TemplateText,
};
pub use timestamp::{Day, Month, TimeError, Timestamp};
pub use token::{Token, TokenHash, TokenKind};
pub use trace::{Seen, Trace};
pub use verdict::{Column, Difference, Finding, Verdict};
pub use webhook_secret::{WebhookSecret, WebhookSecretError};
pub use webhook_url::{WebhookUrl, WebhookUrlError};
pub use wrapping_key::WrappingKey;
